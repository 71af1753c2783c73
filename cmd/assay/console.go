package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"
	"unicode"

	"golang.org/x/term"

	"github.com/assay-llmops/assay/internal/eval"
	"github.com/assay-llmops/assay/internal/price"
)

// console is where a command reads its flags and writes to.
type console struct {
	ctx   context.Context
	out   io.Writer
	err   io.Writer
	flags *commands

	progressed bool // a progress line stands on the terminal
	lastTold   time.Time
}

type color string

const (
	red    color = "31"
	yellow color = "33"
	dim    color = "2"
)

// terminal reports whether w is a terminal, and its width.
func terminal(w io.Writer) (width int, ok bool) {
	file, isFile := w.(*os.File)
	if !isFile || !term.IsTerminal(int(file.Fd())) {
		return 80, false
	}
	width, _, err := term.GetSize(int(file.Fd()))
	if err != nil || width < 40 {
		width = 80
	}
	return width, true
}

// colored reports whether colour is welcome on w.
func colored(w io.Writer) bool {
	_, ok := terminal(w)
	return ok && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}

// paint colours a text for standard error.
func (c *console) paint(col color, text string) string {
	if !colored(c.err) {
		return text
	}
	return "\x1b[" + string(col) + "m" + text + "\x1b[0m"
}

// shown is a text as people may be shown it. Prompts, answers and names come
// from files and models: in them a control character, but for newlines and
// tabs, could move the cursor, recolour or retitle the terminal, and one that
// reorders text could hide what stands there. A mark takes its place.
func shown(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n', r == '\t':
			return r
		case unicode.IsControl(r), r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069:
			return unicode.ReplacementChar
		}
		return r
	}, strings.ReplaceAll(text, "\r\n", "\n"))
}

// printf prints on standard output what people read. What programs read goes
// to c.out as it is.
func (c *console) printf(format string, args ...any) {
	fmt.Fprint(c.out, shown(fmt.Sprintf(format, args...)))
}

// tell prints a line on standard error, whether --quiet or not.
func (c *console) tell(format string, args ...any) {
	c.clearProgress()
	fmt.Fprintln(c.err, shown(fmt.Sprintf(format, args...)))
}

// warn prints a warning on standard error.
func (c *console) warn(text string) {
	if !c.flags.Quiet {
		c.clearProgress()
		fmt.Fprintln(c.err, c.paint(yellow, "warning: ")+shown(text))
	}
}

// note prints a remark on standard error.
func (c *console) note(format string, args ...any) {
	if !c.flags.Quiet {
		c.clearProgress()
		fmt.Fprintln(c.err, c.paint(dim, shown(fmt.Sprintf(format, args...))))
	}
}

// progress returns what shows how a run goes on: a line on a terminal that is
// written over, nothing in a pipe.
func (c *console) progress() func(eval.Status) {
	width, ok := terminal(c.err)
	if !ok || c.flags.Quiet {
		return nil
	}
	var mu sync.Mutex
	return func(s eval.Status) {
		mu.Lock()
		defer mu.Unlock()
		if now := time.Now(); s.Done == s.Total || now.Sub(c.lastTold) > 100*time.Millisecond {
			c.lastTold, c.progressed = now, true
			fmt.Fprint(c.err, "\r\x1b[K"+clip(statusLine(s), width-1))
		}
	}
}

// clearProgress ends the progress line.
func (c *console) clearProgress() {
	if c.progressed {
		c.progressed = false
		fmt.Fprint(c.err, "\r\x1b[K")
	}
}

func statusLine(s eval.Status) string {
	parts := []string{fmt.Sprintf("%d/%d answers", s.Done, s.Total)}
	if s.Calls > 0 {
		parts = append(parts, plural(s.Calls, "call"))
	}
	if s.Cached > 0 {
		parts = append(parts, fmt.Sprintf("%d cached", s.Cached))
	}
	if s.Errors > 0 {
		parts = append(parts, plural(s.Errors, "error"))
	}
	if s.SpentNanos > 0 {
		parts = append(parts, "$"+price.FormatUSD(s.SpentNanos/1e5*1e5))
	}
	if s.Remaining > 0 {
		parts = append(parts, "about "+s.Remaining.Round(time.Second).String()+" left")
	}
	return strings.Join(parts, " · ")
}

// clip cuts a line to a width.
func clip(s string, width int) string {
	if r := []rune(s); len(r) > width {
		return string(r[:width])
	}
	return s
}

// plural is a number of things: "1 case", "2 cases".
func plural(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// table prints rows in columns, the first row being the heads.
func (c *console) table(rows [][]string) {
	if len(rows) == 0 {
		return
	}
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			row[i] = onOneLine.Replace(cell)
			widths[i] = max(widths[i], len([]rune(cell)))
		}
	}
	for _, row := range rows {
		var line strings.Builder
		for i, cell := range row {
			line.WriteString(cell)
			if i < len(row)-1 {
				line.WriteString(strings.Repeat(" ", widths[i]-len([]rune(cell))+2))
			}
		}
		c.printf("%s\n", strings.TrimRight(line.String(), " "))
	}
}

// onOneLine keeps a cell from beginning a row of its own.
var onOneLine = strings.NewReplacer("\n", " ", "\t", " ")
