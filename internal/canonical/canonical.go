// Package canonical gives every value one spelling, so that equal content has
// an equal digest on every machine and in every language.
//
// The spelling is RFC 8785 (JSON Canonicalization Scheme): members sorted by
// UTF-16 code units, no blanks, ECMAScript numbers. The digest is SHA-256 over
// it, 64 hex digits. A whole number whose magnitude exceeds 2^53 cannot be
// told apart from its neighbours in a reader that keeps numbers as doubles
// and is refused.
package canonical

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"strings"

	"github.com/gowebpki/jcs"
)

// Digest is a SHA-256 in 64 lower-case hex digits.
type Digest string

// Short is the first 12 digits, as people see them.
func (d Digest) Short() string {
	if len(d) < 12 {
		return string(d)
	}
	return string(d[:12])
}

// JSON is the RFC 8785 form of v, which may be anything that encoding/json can
// write. It fails for NaN, infinities, invalid UTF-8 and integers beyond 2^53.
func JSON(v any) ([]byte, error) {
	var plain bytes.Buffer
	enc := json.NewEncoder(&plain)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, fmt.Errorf("writing the canonical form: %w", err)
	}
	if err := checkNumbers(plain.Bytes()); err != nil {
		return nil, err
	}
	out, err := jcs.Transform(bytes.TrimRight(plain.Bytes(), "\n"))
	if err != nil {
		return nil, fmt.Errorf("writing the canonical form: %w", err)
	}
	return out, nil
}

// Of is the digest of the canonical form of v.
func Of(v any) (Digest, error) {
	form, err := JSON(v)
	if err != nil {
		return "", err
	}
	return OfBytes(form), nil
}

// Quick is the digest of v as encoding/json writes it: the same for equal values
// of one Go type, and a fifth of the work. It names what Assay keeps for itself,
// such as cached calls, never what another program must be able to compute.
func Quick(v any) (Digest, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("writing JSON to digest: %w", err)
	}
	return OfBytes(text), nil
}

// OfBytes is the digest of bytes as they are.
func OfBytes(b []byte) Digest {
	sum := sha256.Sum256(b)
	return Digest(hex.EncodeToString(sum[:]))
}

// Text normalises the bytes of a text file before they are digested or used:
// a byte order mark is dropped and CRLF becomes LF; nothing else changes.
func Text(b []byte) string {
	b = bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))
	return strings.ReplaceAll(string(b), "\r\n", "\n")
}

var maxExact = new(big.Int).Lsh(big.NewInt(1), 53)

// longNumber reports whether form has 16 digits in a row, which the smallest
// number beyond 2^53 has: most forms have none and need no closer look.
func longNumber(form []byte) bool {
	run := 0
	for _, c := range form {
		if c < '0' || c > '9' {
			run = 0
		} else if run++; run == 16 {
			return true
		}
	}
	return false
}

// checkNumbers refuses whole numbers that a double cannot tell from others.
func checkNumbers(form []byte) error {
	if !longNumber(form) {
		return nil
	}
	dec := json.NewDecoder(bytes.NewReader(form))
	dec.UseNumber()
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("reading the canonical form: %w", err)
		}
		number, ok := token.(json.Number)
		if !ok || strings.ContainsAny(number.String(), ".eE") {
			continue
		}
		if i, ok := new(big.Int).SetString(number.String(), 10); ok && i.CmpAbs(maxExact) > 0 {
			return fmt.Errorf("the integer %s is beyond 2^53 and cannot be kept exactly; write it as a string", number)
		}
	}
}
