package access

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/assay-llmops/assay/internal/problem"
)

var (
	// ErrNoKey says that a request carries no key.
	ErrNoKey = errors.New("no API key: send it as Authorization: Bearer KEY, as the password of Basic, or as x-api-key")
	// ErrBadKey says that a key is unknown or revoked.
	ErrBadKey = errors.New("the API key is not known here, or was revoked")
)

// Key is what is known of a key; never the key itself.
type Key struct {
	ID      string    `json:"id"`
	Name    string    `json:"name,omitempty"`
	Project string    `json:"project"`
	Scopes  []Scope   `json:"scopes"`
	Hash    string    `json:"sha256"`
	Created time.Time `json:"created"`
	Revoked time.Time `json:"revoked,omitzero"`
}

// Keys are the keys in a file. It is safe for concurrent use.
type Keys struct {
	path string
	now  func() time.Time

	mu      sync.Mutex
	looked  time.Time // when the file was last looked at
	seen    stamp
	keys    []Key
	used    bool  // there is a file, or there was one
	damaged error // why the file could not be read, while older keys hold
}

// stamp tells whether a file is another one than before.
type stamp struct {
	size int64
	mod  time.Time
}

// Open reads the keys in the file at path; a file that is not there has none.
func Open(path string) (*Keys, error) { return open(path, time.Now) }

func open(path string, now func() time.Time) (*Keys, error) {
	k := &Keys{path: path, now: now}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.refresh()
	if k.damaged != nil {
		return nil, k.damaged
	}
	return k, nil
}

// Used reports whether requests need a key: whether one was ever made, even if
// all are revoked by now.
func (k *Keys) Used() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.refresh()
	return k.used
}

// Damage is why the file cannot be read any more, or nil. The keys that were
// known before it was damaged hold meanwhile.
func (k *Keys) Damage() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.refresh()
	return k.damaged
}

// List gives all keys, by the time they were made.
func (k *Keys) List() []Key {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.refresh()
	return slices.Clone(k.keys)
}

// Check says who a header Authorization, or an API key alone, belongs to.
func (k *Keys) Check(header string) (Identity, error) {
	secret, err := secretOf(header)
	if err != nil {
		return Identity{}, err
	}
	id, _, ok := strings.Cut(strings.TrimPrefix(secret, prefix), "_")
	if !ok || !strings.HasPrefix(secret, prefix) {
		return Identity{}, ErrBadKey
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.refresh()
	sum := sha256.Sum256([]byte(secret))
	given := hex.EncodeToString(sum[:])
	for i := range k.keys {
		key := &k.keys[i]
		if key.ID != id || !key.Revoked.IsZero() || subtle.ConstantTimeCompare([]byte(key.Hash), []byte(given)) != 1 {
			continue
		}
		return Identity{KeyID: key.ID, Project: key.Project, Scopes: key.Scopes}, nil
	}
	return Identity{}, ErrBadKey
}

// Request says who sent a request, from its headers.
func (k *Keys) Request(header func(name string) string) (Identity, error) {
	for _, name := range []string{"authorization", "x-api-key", "api_key"} {
		if v := header(name); v != "" {
			return k.Check(v)
		}
	}
	return Identity{}, ErrNoKey
}

// KeyID is the id in the key that a request carries, whether the key is known or
// not; empty where there is none.
func KeyID(header func(name string) string) string {
	for _, name := range []string{"authorization", "x-api-key", "api_key"} {
		v := header(name)
		if v == "" {
			continue
		}
		secret, err := secretOf(v)
		id, _, ok := strings.Cut(strings.TrimPrefix(secret, prefix), "_")
		if random, bad := hex.DecodeString(id); err != nil || !ok || bad != nil || len(random) != 4 {
			return ""
		}
		return id
	}
	return ""
}

// secretOf takes the key out of a header.
func secretOf(header string) (string, error) {
	scheme, rest, ok := strings.Cut(strings.TrimSpace(header), " ")
	rest = strings.TrimSpace(rest)
	switch {
	case scheme == "":
		return "", ErrNoKey
	case !ok:
		return scheme, nil
	case strings.EqualFold(scheme, "bearer"):
		return rest, nil
	case strings.EqualFold(scheme, "basic"):
		text, err := base64.StdEncoding.DecodeString(rest)
		if err != nil {
			return "", ErrBadKey
		}
		_, password, _ := strings.Cut(string(text), ":")
		return password, nil
	default:
		return "", ErrBadKey
	}
}

const prefix = "assay_"

// Create makes a key, writes it down, and gives it: for the only time.
func (k *Keys) Create(name, project string, scopes []Scope) (Key, string, error) {
	if project != ProjectName(project) {
		return Key{}, "", problem.Newf("%q cannot be the name of a project", project).
			Wanted("lower-case letters, digits and single - _ . between them, at most 64").
			Remedy("use %s", ProjectName(project))
	}
	if len(scopes) == 0 {
		return Key{}, "", problem.Newf("a key without scopes allows nothing").Remedy("name some of ingest, read, write, admin")
	}
	for _, s := range scopes {
		if !slices.Contains(Scopes(), s) {
			return Key{}, "", problem.Newf("%q is no scope", s).Remedy("use some of ingest, read, write, admin")
		}
	}
	random := make([]byte, 24)
	if _, err := rand.Read(random); err != nil {
		return Key{}, "", fmt.Errorf("making a key: %w", err)
	}
	id := hex.EncodeToString(random[:4])
	secret := prefix + id + "_" + strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(random[4:]))
	sum := sha256.Sum256([]byte(secret))
	key := Key{
		ID: id, Name: name, Project: project, Scopes: slices.Clone(scopes),
		Hash: hex.EncodeToString(sum[:]), Created: k.now().UTC().Truncate(time.Second),
	}
	err := k.change(func(keys []Key) ([]Key, error) {
		if slices.ContainsFunc(keys, func(other Key) bool { return other.ID == id }) {
			return nil, problem.Newf("a key with the id %s exists", id).Remedy("try again: ids are random")
		}
		return append(keys, key), nil
	})
	if err != nil {
		return Key{}, "", err
	}
	return key, secret, nil
}

// Revoke makes a key useless. It stays in the list.
func (k *Keys) Revoke(id string) (Key, error) {
	var key Key
	err := k.change(func(keys []Key) ([]Key, error) {
		i := slices.IndexFunc(keys, func(key Key) bool { return key.ID == id })
		if i < 0 {
			return nil, problem.Newf("there is no key %q", id).Remedy("assay key ls shows them")
		}
		if keys[i].Revoked.IsZero() {
			keys[i].Revoked = k.now().UTC().Truncate(time.Second)
		}
		key = keys[i]
		return keys, nil
	})
	return key, err
}

// refresh reads the file again when it changed, and looks at most once a
// second. The lock is held.
func (k *Keys) refresh() {
	now := k.now()
	if !k.looked.IsZero() && now.Sub(k.looked) < time.Second {
		return
	}
	k.looked = now
	info, err := os.Stat(k.path)
	if errors.Is(err, os.ErrNotExist) {
		if k.used {
			k.damaged = problem.Newf("the file of API keys has gone; the keys that were known hold until the server ends").At(k.path, 0)
		}
		k.seen = stamp{}
		return
	}
	k.used = true
	if err != nil {
		k.damaged = fmt.Errorf("looking at the API keys: %w", err)
		return
	}
	seen := stamp{info.Size(), info.ModTime()}
	if seen == k.seen && k.damaged == nil {
		return
	}
	keys, err := readFile(k.path)
	if err != nil {
		k.damaged = err
		return
	}
	k.keys, k.seen, k.damaged = keys, seen, nil
}
