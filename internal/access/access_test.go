package access

import (
	"encoding/base64"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/assay-llmops/assay/internal/problem"
)

// clock is a time that a test moves.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

func opened(t *testing.T, path string, c *clock) *Keys {
	t.Helper()
	k, err := open(path, c.now)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestKeysFromMakingToRevoking(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data", "keys.json")
	c := &clock{time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)}
	server, tool := opened(t, path, c), opened(t, path, c)
	if server.Used() {
		t.Error("keys are used before one was made")
	}
	key, secret, err := tool.Create("ci", "shop", []Scope{Ingest, Read})
	if err != nil {
		t.Fatal(err)
	}
	c.at = c.at.Add(time.Second)
	if !server.Used() {
		t.Error("the running server does not notice the key")
	}
	basic := "Basic " + base64.StdEncoding.EncodeToString([]byte("pk-any:"+secret))
	for _, header := range []string{"Bearer " + secret, "bearer  " + secret, secret, basic} {
		id, err := server.Check(header)
		if err != nil {
			t.Fatalf("%.12s: %v", header, err)
		}
		if id.Project != "shop" || id.KeyID != key.ID || !id.May(Ingest) || !id.May(Read) || id.May(Write) || id.May(Admin) {
			t.Errorf("%.12s: %+v", header, id)
		}
	}
	for _, header := range []string{"Bearer " + secret + "x", "Bearer " + secret[:len(secret)-1], "Bearer assay_" + key.ID, "Digest " + secret, "Basic !", "Bearer ", "x"} {
		if _, err := server.Check(header); err == nil {
			t.Errorf("%.20q is let in", header)
		}
	}
	for _, name := range []string{"authorization", "x-api-key", "api_key"} {
		_, err := server.Request(func(n string) string {
			if n == name {
				return secret
			}
			return ""
		})
		if err != nil {
			t.Errorf("by %s: %v", name, err)
		}
	}
	if _, err := server.Request(func(string) string { return "" }); !errors.Is(err, ErrNoKey) {
		t.Errorf("without a key: %v", err)
	}

	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), secret) || strings.Contains(string(text), secret[len(prefix)+9:]) {
		t.Error("the file holds the key itself")
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}

	if _, err := tool.Revoke(key.ID); err != nil {
		t.Fatal(err)
	}
	c.at = c.at.Add(time.Second)
	if _, err := server.Check(secret); !errors.Is(err, ErrBadKey) {
		t.Errorf("a revoked key: %v", err)
	}
	if !server.Used() {
		t.Error("with all keys revoked, none would be asked for")
	}
	if list := server.List(); len(list) != 1 || list[0].Revoked.IsZero() || list[0].Name != "ci" {
		t.Errorf("list %+v", list)
	}
}

func TestAdminMayDoAll(t *testing.T) {
	id := Identity{Scopes: []Scope{Admin}}
	for _, s := range Scopes() {
		if !id.May(s) {
			t.Errorf("admin may not %s", s)
		}
	}
}

func TestADamagedFileIsNotTheAbsenceOfKeys(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys.json")
	c := &clock{time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)}
	k := opened(t, path, c)
	_, secret, err := k.Create("", "shop", []Scope{Admin})
	if err != nil {
		t.Fatal(err)
	}
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := range good {
		if strings.ContainsRune(" \n", rune(good[i])) {
			continue // white space is not in the checksum
		}
		bad := append([]byte(nil), good...)
		bad[i] ^= 1
		if err := os.WriteFile(path, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		if other, err := open(path, c.now); err == nil {
			if _, err := other.Check(secret); err != nil {
				t.Fatalf("a flipped bit at %d (%q) is not noticed, and changes what holds", i, good[i])
			}
		}
	}
	c.at = c.at.Add(time.Second)
	if _, err := k.Check(secret); err != nil || k.Damage() == nil {
		t.Errorf("a running server with a damaged file: %v, damage %v", err, k.Damage())
	}
	if _, _, err := k.Create("", "shop", []Scope{Read}); err == nil {
		t.Error("a damaged file was written over")
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	c.at = c.at.Add(time.Second)
	if !k.Used() || k.Damage() == nil {
		t.Error("a file that has gone opens the server")
	}
	if err := os.WriteFile(path, good, 0o600); err != nil {
		t.Fatal(err)
	}
	c.at = c.at.Add(time.Second)
	if _, err := k.Check(secret); err != nil || k.Damage() != nil {
		t.Errorf("after it was mended: %v, damage %v", err, k.Damage())
	}
	if err := os.WriteFile(path, []byte(`{"format":2,"keys":[]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := open(path, c.now); err == nil || !strings.Contains(err.Error(), "format 2, this Assay reads up to 1") {
		t.Errorf("a newer format: %v", err)
	}
}

func TestWhatAKeyCannotBe(t *testing.T) {
	k := opened(t, filepath.Join(t.TempDir(), "keys.json"), &clock{time.Now()})
	for want, f := range map[string]func() error{
		"use my-shop":        func() error { _, _, err := k.Create("", "My Shop", []Scope{Read}); return err },
		"allows nothing":     func() error { _, _, err := k.Create("", "a", nil); return err },
		`"reed" is no scope`: func() error { _, _, err := k.Create("", "a", []Scope{"reed"}); return err },
		`no key "12"`:        func() error { _, err := k.Revoke("12"); return err },
	} {
		if err := f(); err == nil || !problem.Is(err) || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	if k.Used() {
		t.Error("a file was written")
	}
}

func TestProjectName(t *testing.T) {
	for text, want := range map[string]string{
		"": "default", "shop": "shop", "My Shop": "my-shop", "../../etc/passwd": "etc-passwd", "a.b_c-d": "a.b_c-d",
		"..": "default", "CON.": "con", "Émile": "mile", "a--b": "a-b", "a__b": "a-b", strings.Repeat("x", 90): strings.Repeat("x", 63),
	} {
		if got := ProjectName(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		name := ProjectName(rapid.OneOf(rapid.String(), rapid.StringMatching(`[A-Za-z0-9._ -]{0,80}`)).Draw(t, "text"))
		if ProjectName(name) != name || len(name) == 0 || len(name) > 64 || strings.ContainsAny(name, `/\`) || name[0] == '.' {
			t.Fatalf("%q", name)
		}
	})
}

func FuzzCheck(f *testing.F) {
	k, err := Open(filepath.Join(f.TempDir(), "keys.json"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add("Basic cGs6c2s=")
	f.Add("Bearer assay_00000000_x")
	f.Fuzz(func(t *testing.T, header string) {
		if id, err := k.Check(header); err == nil {
			t.Errorf("let in as %+v", id)
		}
	})
}
