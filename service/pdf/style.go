package pdf

import "seedbook/service/pdf/typeset"

// color is red, green and blue, 0 to 255 each.
type color struct{ r, g, b uint8 }

// The colors are those of the console's design system. Every color of text has
// at least the contrast 4.5 : 1 that WCAG 2.1 AA asks for, on white and on the
// panels' ground; a test computes it.
var (
	ink     = color{0x1B, 0x1B, 0x1B}
	heading = color{0x16, 0x2E, 0x51}
	muted   = color{0x56, 0x5C, 0x65}
	linked  = color{0x00, 0x5E, 0xA2}
	ground  = color{0xEF, 0xF6, 0xFB}
	accent  = color{0x00, 0x5E, 0xA2}
	hair    = color{0xC6, 0xCA, 0xCE}
)

// face is a way to set text: size and distance of lines in points.
type face struct {
	size, leading float64
	style         typeset.Style
	color         color
}

var (
	h1Face      = face{20, 25, typeset.Bold, heading}
	h2Face      = face{14, 18.5, typeset.Bold, heading}
	bodyFace    = face{11, 15.5, typeset.Regular, ink}
	noteFace    = face{9.25, 12.5, typeset.Regular, muted}
	headerFace  = face{9.25, 12.5, typeset.Bold, heading}
	cellFace    = face{10, 13.5, typeset.Regular, ink}
	captionFace = face{11, 15.5, typeset.Bold, heading}
	titleFace   = face{11, 15, typeset.Bold, heading}
	figureFace  = face{19, 24, typeset.Bold, heading}
	runningFace = face{8.5, 11, typeset.Regular, muted}
)

// Where the baseline lies in a line: the ascent and descent of the text face.
const (
	ascent  = 0.905
	descent = 0.212
)

// baseline returns how far below the top of a line its letters stand.
func (f face) baseline() float64 {
	return (f.leading-f.size*(ascent+descent))/2 + f.size*ascent
}

func (f face) scaled(by float64) face {
	f.size *= by
	f.leading *= by
	return f
}

func (f face) bold() face {
	f.style = typeset.Bold
	return f
}
