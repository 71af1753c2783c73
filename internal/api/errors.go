package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"

	"github.com/assay-llmops/assay/internal/problem"
	"github.com/assay-llmops/assay/internal/spanstore"
)

// Error is what a request is answered with when it fails.
type Error struct {
	Status   int    `json:"-"`
	Code     string `json:"code" doc:"For programs: unauthorized, forbidden, not_found, bad_method, unknown_parameter, bad_parameter, bad_filter, bad_cursor, bad_body, too_large, too_many, unsupported, busy, disk_full, damaged, internal."`
	Message  string `json:"message" doc:"For people: what was found."`
	Column   int    `json:"column,omitempty" doc:"Of a filter: where, counted in characters from 1."`
	Expected string `json:"expected,omitempty"`
	Fix      string `json:"fix,omitempty" doc:"What to do about it."`
}

// Error is the message.
func (e *Error) Error() string { return e.Message }

// Failure is the body of an answer that is an error.
type Failure struct {
	Error *Error `json:"error"`
}

// bad is an error of the request, with the words of a problem.
func bad(code string, err error) *Error {
	e := &Error{Status: http.StatusBadRequest, Code: code, Message: err.Error()}
	var p *problem.Problem
	if errors.As(err, &p) {
		e.Message, e.Column, e.Expected, e.Fix = p.What, p.Col, p.Want, p.Fix
	}
	return e
}

// told turns any error into what the client is told. Surprises keep their text
// to themselves: it could hold what a span holds.
func told(err error) *Error {
	var e *Error
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &e):
		return e
	case errors.As(err, &large):
		return &Error{Status: http.StatusRequestEntityTooLarge, Code: "too_large", Message: "the body is larger than " + strconv.FormatInt(large.Limit, 10) + " bytes", Fix: "send it in parts"}
	case errors.Is(err, spanstore.ErrNotFound):
		return &Error{Status: http.StatusNotFound, Code: "not_found", Message: "there is no such thing in this project"}
	case errors.Is(err, spanstore.ErrDamaged):
		return &Error{
			Status: http.StatusInternalServerError, Code: "damaged", Message: "what is asked for is damaged on the disk of the server",
			Fix: "assay fsck names what is damaged; a damaged index is made anew when the server starts again",
		}
	case errors.Is(err, spanstore.ErrCursor):
		return &Error{Status: http.StatusBadRequest, Code: "bad_cursor", Message: "the cursor does not fit this query", Fix: "give a cursor only with the parameters of the page that it came with"}
	case errors.Is(err, spanstore.ErrTooMany):
		return &Error{Status: http.StatusUnprocessableEntity, Code: "too_many", Message: err.Error(), Fix: "narrow the time by since and until, or the filter by other conditions; spans themselves are listed and counted without a bound"}
	case errors.Is(err, spanstore.ErrUnsupported):
		return &Error{Status: http.StatusNotImplemented, Code: "unsupported", Message: err.Error()}
	case errors.Is(err, spanstore.ErrBusy):
		return &Error{Status: http.StatusServiceUnavailable, Code: "busy", Message: "the store takes in more than it can write", Fix: "try again after the seconds in Retry-After"}
	case errors.Is(err, spanstore.ErrFull):
		return &Error{Status: http.StatusInsufficientStorage, Code: "disk_full", Message: "the disk is full: nothing new is taken until there is room, reading goes on"}
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return &Error{Status: http.StatusServiceUnavailable, Code: "busy", Message: "the request was ended before its answer was ready", Fix: "ask for less time, or try again"}
	}
	return &Error{Status: http.StatusInternalServerError, Code: "internal", Message: "Assay failed; its log says how"}
}

// absent names what is not there; it leaves any other error as it is.
func (c *call) absent(err error, what string) error {
	if !errors.Is(err, spanstore.ErrNotFound) {
		return err
	}
	return &Error{Status: http.StatusNotFound, Code: "not_found", Message: what + " is not in project " + c.project}
}

// fail answers with an error.
func fail(w http.ResponseWriter, err error) {
	e := told(err)
	w.Header().Set("Content-Type", "application/json")
	switch e.Status {
	case http.StatusUnauthorized:
		w.Header().Set("WWW-Authenticate", `Bearer realm="assay", Basic realm="assay"`)
	case http.StatusServiceUnavailable:
		w.Header().Set("Retry-After", "1")
	}
	w.WriteHeader(e.Status)
	_ = json.NewEncoder(w).Encode(Failure{e}) // there is nobody left to tell
}
