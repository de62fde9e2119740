package console

import (
	"crypto/sha256"
	"encoding/hex"

	"seedbook/service/fault"
	"seedbook/service/web"
	"seedbook/service/web/parts"
)

// errMeanwhile reports a form about what somebody else changed since it was
// opened.
var errMeanwhile = fault.New(fault.Conflict, "web.meanwhile")

// shown is what a form showed of what it changes, field by field, as people read
// it. The form carries its seal along; where that is not the seal of what is there
// when it is sent, somebody else saved meanwhile. What they wrote is shown beside
// what was typed, and the form, sent again, is of what is there now.
type shown []parts.Kept

func (s *shown) add(field, now string) { *s = append(*s, parts.Kept{Field: field, Now: now}) }

// seal stands for what is there.
func (s shown) seal() string {
	sum := sha256.New()
	for _, k := range s {
		sum.Write([]byte(k.Field + "\x00" + k.Now + "\x00"))
	}
	return hex.EncodeToString(sum.Sum(nil)[:16])
}

// sealName is the field that carries a form's seal.
const sealName = "shown"

// check is errMeanwhile where a form was opened on something else than is there.
func (s shown) check(f *web.Form) error {
	if sent := f.Peek(sealName); sent != "" && sent != s.seal() {
		return errMeanwhile
	}
	return nil
}

// beside are the fields of which somebody typed something else than is there, as
// people read both.
func (s shown) beside(typed func(field string) string) (out []parts.Kept) {
	for _, k := range s {
		if k.Typed = typed(k.Field); k.Typed != k.Now {
			out = append(out, k)
		}
	}
	return out
}

// now is what a field says.
func (s shown) now(field string) string {
	for _, k := range s {
		if k.Field == field {
			return k.Now
		}
	}
	return ""
}

// only is one field beside what was typed for it.
func (s shown) only(field, typed string) (out []parts.Kept) {
	for _, k := range s {
		if k.Field == field {
			out = append(out, parts.Kept{Field: field, Now: k.Now, Typed: typed})
		}
	}
	return out
}
