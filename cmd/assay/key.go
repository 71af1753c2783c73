package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/assay-llmops/assay/internal/access"
	"github.com/assay-llmops/assay/internal/server"
)

// dataFlag names the folder of a server.
type dataFlag struct {
	Data string `placeholder:"DIR" default:"assay-data" env:"ASSAY_DATA" help:"Folder of the server's data."`
}

type keyCmd struct {
	Create keyCreateCmd `cmd:"" help:"Make an API key for a project; it is shown once."`
	Ls     keyLsCmd     `cmd:"" help:"The API keys, with what each allows."`
	Revoke keyRevokeCmd `cmd:"" help:"Make an API key useless, within a second."`
}

type keyCreateCmd struct {
	dataFlag
	Name   string   `arg:"" name:"project" help:"The project that the key is for."`
	Scopes []string `default:"ingest,read,write" help:"What it allows: ingest, read, write, admin."`
	Label  string   `help:"A name for the key in the list."`
}

func (cmd *keyCreateCmd) Run(c *console) error {
	keys, err := access.Open(server.KeysPath(cmd.Data))
	if err != nil {
		return err
	}
	scopes := make([]access.Scope, len(cmd.Scopes))
	for i, s := range cmd.Scopes {
		scopes[i] = access.Scope(s)
	}
	first := !keys.Used()
	key, secret, err := keys.Create(cmd.Label, cmd.Name, scopes)
	if err != nil {
		return err
	}
	if c.flags.JSON {
		c.printJSON(map[string]any{"format": "assay.key/1", "key": shownKey(key), "secret": secret})
		return nil
	}
	c.printf("%s\n", secret)
	c.note("key %s for project %s allows %s; it is shown only now", key.ID, key.Project, allows(key))
	if first {
		c.note("from now on every request to this server needs a key")
	}
	if closed := cmd.closed(keys); len(closed) > 0 {
		c.note("no key opens what the folder has of %s: assay key create %s", strings.Join(closed, ", "), closed[0])
	}
	return nil
}

// closed are the projects that have something and no key.
func (cmd *keyCreateCmd) closed(keys *access.Keys) []string {
	folders, err := os.ReadDir(filepath.Join(cmd.Data, "projects"))
	if err != nil {
		return nil // nothing was sent yet
	}
	var closed []string
	for _, f := range folders {
		if !slices.ContainsFunc(keys.List(), func(k access.Key) bool { return k.Project == f.Name() && k.Revoked.IsZero() }) {
			closed = append(closed, f.Name())
		}
	}
	return closed
}

type keyLsCmd struct {
	dataFlag
}

func (cmd *keyLsCmd) Run(c *console) error {
	if _, err := os.Stat(cmd.Data); err != nil {
		return unreadable(cmd.Data, err).Remedy("name the folder that assay serve was given by --data")
	}
	keys, err := access.Open(server.KeysPath(cmd.Data))
	if err != nil {
		return err
	}
	list := keys.List()
	if c.flags.JSON {
		out := []keyOutput{}
		for _, k := range list {
			out = append(out, shownKey(k))
		}
		c.printJSON(map[string]any{"format": "assay.keys/1", "keys": out})
		return nil
	}
	if len(list) == 0 {
		c.note("no API keys in %s: assay key create makes one", cmd.Data)
		return nil
	}
	rows := [][]string{{"KEY", "LABEL", "PROJECT", "ALLOWS", "CREATED", "REVOKED"}}
	for _, k := range list {
		revoked := ""
		if !k.Revoked.IsZero() {
			revoked = k.Revoked.Format(time.DateOnly)
		}
		rows = append(rows, []string{k.ID, clip(k.Name, 24), k.Project, allows(k), k.Created.Format(time.DateOnly), revoked})
	}
	c.table(rows)
	return nil
}

type keyRevokeCmd struct {
	dataFlag
	ID string `arg:"" help:"The key's id, from assay key ls."`
}

func (cmd *keyRevokeCmd) Run(c *console) error {
	keys, err := access.Open(server.KeysPath(cmd.Data))
	if err != nil {
		return err
	}
	key, err := keys.Revoke(cmd.ID)
	if err != nil {
		return err
	}
	if c.flags.JSON {
		c.printJSON(map[string]any{"format": "assay.key/1", "key": shownKey(key)})
		return nil
	}
	c.printf("revoked %s of project %s\n", key.ID, key.Project)
	return nil
}

func allows(k access.Key) string {
	words := make([]string, len(k.Scopes))
	for i, s := range k.Scopes {
		words[i] = string(s)
	}
	return strings.Join(words, ",")
}

// keyOutput is a key without its hash.
type keyOutput struct {
	ID      string         `json:"id"`
	Label   string         `json:"label,omitempty"`
	Project string         `json:"project"`
	Scopes  []access.Scope `json:"scopes"`
	Created time.Time      `json:"created"`
	Revoked time.Time      `json:"revoked,omitzero"`
}

func shownKey(k access.Key) keyOutput {
	return keyOutput{k.ID, k.Name, k.Project, k.Scopes, k.Created, k.Revoked}
}
