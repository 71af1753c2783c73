package extract

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// maxDepth bounds the nesting of a JSON text, so that reading and printing it
// need little stack.
const maxDepth = 1000

// ParseJSON reads one JSON text (RFC 8259) with nothing but blanks around it.
// Of members with the same name the last one counts, as in most readers.
func ParseJSON(data []byte) (any, error) {
	d := &Decoder{names: make(map[string]string)}
	d.dec = jsontext.NewDecoder(bytes.NewReader(data), jsontext.AllowDuplicateNames(true))
	return d.whole()
}

// Decoder reads JSON texts one after the other, strictly: two members of one
// name and whole numbers beyond int64 are errors. Names of members are kept
// once, so that ten thousand rows of the same shape share them.
type Decoder struct {
	dec   *jsontext.Decoder
	exact bool // refuse whole numbers that would be rounded
	names map[string]string
}

// maxNames bounds the names that a Decoder keeps, for files whose names are
// data.
const maxNames = 1024

// NewDecoder returns a decoder. It is not safe for concurrent use.
func NewDecoder() *Decoder {
	return &Decoder{dec: jsontext.NewDecoder(bytes.NewReader(nil)), exact: true, names: make(map[string]string)}
}

// Decode reads one JSON text with nothing but blanks around it.
func (d *Decoder) Decode(data []byte) (any, error) {
	d.dec.Reset(bytes.NewReader(data))
	return d.whole()
}

// whole reads a value and makes sure that nothing follows it.
func (d *Decoder) whole() (any, error) {
	v, err := d.value(0)
	if err == nil {
		if _, err = d.dec.ReadToken(); errors.Is(err, io.EOF) {
			return v, nil
		}
		return nil, fmt.Errorf("there is more after the JSON text, at byte %d", d.dec.InputOffset())
	}
	if errors.Is(err, io.EOF) {
		return nil, errors.New("the text is empty")
	}
	var syntax *jsontext.SyntacticError
	if !errors.As(err, &syntax) {
		return nil, err
	}
	what := strings.TrimPrefix(syntax.Err.Error(), "jsontext: ")
	switch {
	case errors.Is(syntax.Err, io.ErrUnexpectedEOF):
		what = "it ends too early"
	case errors.Is(syntax.Err, jsontext.ErrDuplicateName):
		what = "the name " + strconv.Quote(syntax.JSONPointer.LastToken()) + " occurs twice"
	}
	return nil, fmt.Errorf("%s, at byte %d", what, syntax.ByteOffset)
}

func (d *Decoder) value(depth int) (any, error) {
	token, err := d.dec.ReadToken()
	if err != nil {
		return nil, err
	}
	if depth > maxDepth {
		return nil, fmt.Errorf("nested deeper than %d", maxDepth)
	}
	switch token.Kind() {
	case 'n':
		return nil, nil
	case 't', 'f':
		return token.Bool(), nil
	case '"':
		return token.String(), nil
	case '0':
		return number(token.String(), d.exact)
	case '[':
		return d.list(depth)
	}
	return d.object(depth)
}

func (d *Decoder) list(depth int) (any, error) {
	list := []any{}
	for d.dec.PeekKind() != ']' {
		v, err := d.value(depth + 1)
		if err != nil {
			return nil, unexpected(err)
		}
		list = append(list, v)
	}
	_, err := d.dec.ReadToken()
	return list, unexpected(err)
}

func (d *Decoder) object(depth int) (any, error) {
	object := make(map[string]any)
	for d.dec.PeekKind() != '}' {
		token, err := d.dec.ReadToken()
		if err != nil {
			return nil, unexpected(err)
		}
		name := token.String()
		if kept, ok := d.names[name]; ok {
			name = kept
		} else if len(d.names) < maxNames {
			d.names[name] = name
		}
		if object[name], err = d.value(depth + 1); err != nil {
			return nil, unexpected(err)
		}
	}
	_, err := d.dec.ReadToken()
	return object, unexpected(err)
}

func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// number keeps a whole number exactly where int64 can; one written with a
// point or exponent becomes the nearest double, as does one beyond int64 where
// that is allowed.
func number(s string, exact bool) (any, error) {
	if !strings.ContainsAny(s, ".eE") {
		if i, err := strconv.ParseInt(s, 10, 64); err == nil {
			return i, nil
		}
		if exact {
			return nil, fmt.Errorf("the integer %s cannot be kept exactly; write it as a text", short(s))
		}
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return nil, fmt.Errorf("the number %s is out of range", short(s))
	}
	return f, nil
}

// Text is how a value reads as text: a text as it is, anything else as compact
// JSON with sorted names.
func Text(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return fmt.Sprint(v)
	}
	return strings.TrimSuffix(b.String(), "\n")
}
