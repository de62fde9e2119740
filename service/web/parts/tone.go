package parts

// alert is the tone's name in the design system's alerts.
func (t Tone) alert() string {
	switch t {
	case Good:
		return "success"
	case Caution:
		return "warning"
	case Bad:
		return "error"
	}
	return "info"
}
