package api

import (
	"fmt"
	"net/http"

	"github.com/assay-llmops/assay/internal/spanstore"
)

// lacking says what may be missing in the answer. It is asked for once the answer
// is there: damage is found by reading.
func (c *call) lacking() Lacking {
	w, ok := c.Store.(spanstore.Witness)
	if !ok {
		return Lacking{}
	}
	d := w.Damage(c.project)
	if d.Parts == 0 {
		return Lacking{}
	}
	return Lacking{&Damage{d.Parts, d.Items}}
}

// String says what is lost.
func (d *Damage) String() string {
	parts, items := "a part of the log of the project is", ""
	if d.Parts > 1 {
		parts = fmt.Sprintf("%d parts of the log of the project are", d.Parts)
	}
	switch {
	case d.Items == 1:
		items = ", with one item"
	case d.Items > 1:
		items = fmt.Sprintf(", with %d items", d.Items)
	}
	return parts + " damaged on the disk of the server" + items
}

const namesDamage = "assay fsck names what is damaged; it is in a backup, if anywhere"

// failure is how an answer of lines ends where some may be missing.
func (d *Damage) failure() *Error {
	return &Error{Status: http.StatusInternalServerError, Code: "damaged", Message: d.String() + ": what is lost may be missing here", Fix: namesDamage}
}

// orLost tells who asks for what is not there that it may be lost: after a new
// index nobody knows any more what the damaged parts hold.
func (c *call) orLost(err error) error {
	if err == nil || told(err).Code != "not_found" {
		return err
	}
	lack := c.lacking().Damage
	if lack == nil {
		return err
	}
	e := *told(err)
	e.Message, e.Fix = e.Message+", or it is lost: "+lack.String(), namesDamage
	return &e
}
