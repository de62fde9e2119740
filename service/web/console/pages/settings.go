package pages

import "seedbook/service/web/parts"

// Settings are how a program is set up.
type Settings struct {
	InForce []parts.Row
	Fixed   []parts.Row // what stays as it is
	Post    string      // "" for who may not
	Typed   map[string]string
}
