package main

import (
	"bufio"
	"fmt"
	"net/url"
	"os"
	"strings"

	"github.com/assay-llmops/assay/internal/api"
	"github.com/assay-llmops/assay/internal/problem"
)

type eraseCmd struct {
	serverFlag
	User    string `xor:"what" placeholder:"ID" help:"Every trace that names this user, and what is about it."`
	Session string `xor:"what" placeholder:"ID" help:"Every trace of this session."`
	Trace   string `xor:"what" placeholder:"ID" help:"This trace."`
	Yes     bool   `help:"Do not ask."`
}

func (cmd *eraseCmd) Run(c *console) error {
	cl, err := cmd.open(c)
	if err != nil {
		return err
	}
	kind, id := "trace", cmd.Trace
	switch {
	case cmd.User != "":
		kind, id = "user", cmd.User
	case cmd.Session != "":
		kind, id = "session", cmd.Session
	case cmd.Trace == "":
		return problem.Newf("nothing says what is to be erased").Wanted("--user, --session or --trace, with an id")
	}
	if err := cl.knowsProject(); err != nil {
		return err
	}
	if !cmd.Yes {
		if err := c.sure(fmt.Sprintf("erase all that is kept of %s %q in %s, for good", kind, id, cl.where())); err != nil {
			return err
		}
	}
	var e api.Erased
	if err := cl.remove("/"+kind+"s/"+url.PathEscape(id), &e); err != nil {
		return err
	}
	if c.flags.JSON {
		c.printJSON(struct {
			Format string `json:"format"`
			*api.Erased
		}{"assay.erased/1", &e})
		return nil
	}
	if e.Spans+e.Logs+e.Scores == 0 {
		c.printf("nothing of this %s was kept\n", kind)
	} else {
		c.printf("erased %s of %s, %s, %s, %s\n", plural(int(e.Spans), "span"), plural(len(e.Traces), "trace"),
			plural(int(e.Logs), "log record"), plural(int(e.Scores), "score"), plural(len(e.Blobs), "large part"))
	}
	c.printf("%s written anew; %d bytes of the logs were read afterwards and have none of it\n", plural(e.Files, "file"), e.Checked)
	return nil
}

// sure asks whether a person wants what cannot be undone.
func (c *console) sure(what string) error {
	if _, ok := terminal(os.Stdin); !ok {
		return problem.Newf("nobody is there to be asked whether to %s", what).Remedy("give --yes")
	}
	c.clearProgress()
	fmt.Fprintf(c.err, "%s? [y/N] ", shown(what))
	answer, _ := bufio.NewReader(os.Stdin).ReadString('\n') // no answer is a no
	if a := strings.ToLower(strings.TrimSpace(answer)); a != "y" && a != "yes" {
		return problem.Newf("nothing was erased").Remedy("answer y to erase")
	}
	return nil
}
