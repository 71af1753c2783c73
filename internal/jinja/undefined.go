package jinja

// undefined stands for a name, field or item that does not exist. Using it is
// an error, except to Truthy.
type undefined struct {
	what, fix string
	file      string
	at        pos
	// soft is the value of `a if b` where b is false: Jinja2 shows it as
	// nothing and takes it as false, even where undefined names are errors.
	soft bool
	// The name and where it was looked for, from which the nearest one is found
	// only when the error is shown.
	name       string
	candidates func() []string
}

// fault explains the missing value, at the place where it was looked up.
func (u *undefined) fault() error {
	f := faultf("%s", u.what)
	f.fix = u.fix
	if u.candidates != nil {
		if near := didYouMean(u.name, u.candidates()); near != "" {
			f.fix = near
		}
	}
	if u.file == "" {
		return f // whoever asked knows the place
	}
	return placed(f, u.file, u.at)
}

// Remedies for what is missing on purpose now and then.
const guardRemedy = "guard it: `{{ x|default('...') }}` or `{% if x is defined %}`"
