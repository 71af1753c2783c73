package main

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/assay-llmops/assay/internal/api"
	"github.com/assay-llmops/assay/internal/problem"
)

type retentionCmd struct {
	Show retentionShowCmd `cmd:"" help:"What a project keeps."`
	Set  retentionSetCmd  `cmd:"" help:"Decide what a project keeps, and remove the rest now."`
}

type retentionShowCmd struct {
	serverFlag
}

func (cmd *retentionShowCmd) Run(c *console) error {
	cl, err := cmd.open(c)
	if err != nil {
		return err
	}
	var kept api.Kept
	if err := cl.get("/retention", nil, &kept); err != nil {
		return err
	}
	c.retention(&kept)
	return nil
}

type retentionSetCmd struct {
	serverFlag
	Keep      age  `placeholder:"AGE" help:"Remove what came longer ago, such as 30d (default: nothing is too old)."`
	KeepBytes size `placeholder:"SIZE" help:"Remove the oldest where it takes more on disk, such as 50GB (default: nothing is too much)."`
	All       bool `help:"Keep all, whatever the server keeps of other projects."`
	Default   bool `help:"Keep what the server keeps of all projects."`
}

func (cmd *retentionSetCmd) Run(c *console) error {
	bounds := cmd.Keep > 0 || cmd.KeepBytes > 0
	if bounds && (cmd.All || cmd.Default) || cmd.All && cmd.Default || !bounds && !cmd.All && !cmd.Default {
		return problem.Newf("what is to be kept is not clear").Wanted("--keep or --keep-bytes or both, or --all, or --default")
	}
	cl, err := cmd.open(c)
	if err != nil {
		return err
	}
	var kept api.Kept
	if cmd.Default {
		err = cl.remove("/retention", &kept)
	} else {
		var body []byte
		if body, err = json.Marshal(api.Retention{MaxAge: int64(time.Duration(cmd.Keep) / time.Second), MaxBytes: int64(cmd.KeepBytes)}); err != nil {
			return fmt.Errorf("writing what is to be kept: %w", err)
		}
		err = cl.put("/retention", body, &kept)
	}
	if err != nil {
		return err
	}
	c.retention(&kept)
	return nil
}

// retention prints what a project keeps.
func (c *console) retention(k *api.Kept) {
	if c.flags.JSON {
		c.printJSON(struct {
			Format string `json:"format"`
			*api.Kept
		}{"assay.retention/1", k})
		return
	}
	what := "all"
	switch length, most := shownAge(k.MaxAge), shownSize(k.MaxBytes); {
	case k.MaxAge > 0 && k.MaxBytes > 0:
		what = length + ", at most " + most
	case k.MaxAge > 0:
		what = length
	case k.MaxBytes > 0:
		what = "at most " + most
	}
	who := "as the server keeps of all projects"
	if k.Own {
		who = "decided for this project"
	}
	c.printf("%s keeps %s (%s)\n", k.Project, what, who)
	switch {
	case k.Removed == nil:
	case k.Removed.Bytes > 0:
		c.printf("removed %s, %s\n", plural(int(k.Removed.Spans), "span"), shownSize(k.Removed.Bytes))
	default:
		c.printf("nothing had to go\n")
	}
}

// shownAge is seconds in the largest unit in which they are whole.
func shownAge(seconds int64) string {
	for _, unit := range []struct {
		name   string
		length int64
	}{{"d", 24 * 3600}, {"h", 3600}, {"m", 60}} {
		if seconds%unit.length == 0 {
			return strconv.FormatInt(seconds/unit.length, 10) + unit.name
		}
	}
	return strconv.FormatInt(seconds, 10) + "s"
}

// shownSize is bytes as the flags write them, where that is exact.
func shownSize(bytes int64) string {
	best := units[len(units)-1]
	for _, unit := range units {
		if bytes%unit.bytes == 0 && unit.bytes > best.bytes {
			best = unit
		}
	}
	return strconv.FormatInt(bytes/best.bytes, 10) + best.name
}
