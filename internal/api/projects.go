package api

import "slices"

// Projects are the names of projects.
type Projects struct {
	Projects []string `json:"projects"`
}

// projects are the projects that have something; who has a key sees its own only.
func (c *call) projects() (any, error) {
	if !slices.Contains(c.scopes, ScopeProjects) {
		return Projects{[]string{c.project}}, nil
	}
	all, err := c.Store.Projects(c.ctx)
	if err != nil {
		return nil, err
	}
	return Projects{append([]string{}, all...)}, nil
}
