package wire

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// readAll writes every event of a stream as one line.
func readAll(r io.Reader, limit int) (string, error) {
	events := NewEvents(r, limit)
	var b strings.Builder
	for {
		e, err := events.Next()
		if errors.Is(err, io.EOF) {
			return b.String(), nil
		}
		if err != nil {
			return b.String(), err
		}
		fmt.Fprintf(&b, "[%s|%s|%s|%t]", e.Type, e.ID, e.Data, e.Cut)
	}
}

var eventStreams = []struct{ name, stream, want string }{
	{"one", "data: {\"a\":1}\n\n", `[||{"a":1}|false]`},
	{"no blank after the colon", "data:x\n\n", "[||x|false]"},
	{"one blank is dropped", "data:  x\n\n", "[|| x|false]"},
	{"CRLF", "data: x\r\n\r\ndata: y\r\n\r\n", "[||x|false][||y|false]"},
	{"CR", "data: x\r\rdata: y\r\r", "[||x|false][||y|false]"},
	{"several lines", "data: a\ndata: b\ndata:\n\n", "[||a\nb\n|false]"},
	{"type and id", "event: delta\nid: 7\ndata: x\n\ndata: y\n\n", "[delta|7|x|false][||y|false]"},
	{"comments and keep-alives", ": OPENROUTER PROCESSING\n\n: ping\ndata: x\n\n", "[||x|false]"},
	{"a byte order mark", "\xef\xbb\xbfdata: x\n\n", "[||x|false]"},
	{"empty data", "data: \n\n", "[|||false]"},
	{"no data", "event: ping\n\n", ""},
	{"fields that nobody knows", "retry: 5\nfoo\ndata: x\n\n", "[||x|false]"},
	{"cut in an event", "data: x\n\ndata: {\"a\":", `[||x|false][||{"a":|true]`},
	{"cut before the blank line", "data: x\n", "[||x|true]"},
	{"nothing", "", ""},
	{"a character of four bytes", "data: \xf0\x9f\x8c\x8d\n\n", "[||\xf0\x9f\x8c\x8d|false]"},
}

func TestEvents(t *testing.T) {
	t.Parallel()
	for _, tc := range eventStreams {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			for how, r := range map[string]io.Reader{
				"whole": strings.NewReader(tc.stream), "byte by byte": iotest.OneByteReader(strings.NewReader(tc.stream)),
			} {
				if got, err := readAll(r, 1000); err != nil || got != tc.want {
					t.Errorf("%s: %q, %v; want %q", how, got, err, tc.want)
				}
			}
		})
	}
}

func TestEventsOfAnyLengthUpToTheLimit(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", 300_000) // longer than any buffer
	if got, err := readAll(strings.NewReader("data: "+long+"\n\n"), len(long)); err != nil || got != "[||"+long+"|false]" {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	for _, stream := range []string{"data: " + long + "\n\n", strings.Repeat("data: aaaa\n", 100_000)} {
		if _, err := readAll(strings.NewReader(stream), len(long)-1); !errors.Is(err, ErrEventTooLarge) {
			t.Errorf("%v", err)
		}
	}
}

func TestEventsPassErrorsOn(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	r := io.MultiReader(strings.NewReader("data: x\n\ndata: y"), iotest.ErrReader(broken))
	if got, err := readAll(r, 1000); got != "[||x|false]" || !errors.Is(err, broken) {
		t.Errorf("%q, %v", got, err)
	}
}

// FuzzEvents: however a stream is cut into reads, the events are the same; and
// no event is larger than the limit.
func FuzzEvents(f *testing.F) {
	for _, tc := range eventStreams {
		f.Add(tc.stream)
	}
	f.Fuzz(func(t *testing.T, stream string) {
		const limit = 64
		whole, err := readAll(strings.NewReader(stream), limit)
		pieces, errPieces := readAll(iotest.OneByteReader(strings.NewReader(stream)), limit)
		if (err == nil) != (errPieces == nil) || err == nil && whole != pieces {
			t.Errorf("whole %q, %v\nbyte by byte %q, %v", whole, err, pieces, errPieces)
		}
	})
}
