package rules

// ExplainStanding phrases what is on a child's account and what left it.
func ExplainStanding(w Words, s Standing) []string {
	out := []string{w.T("rules.state." + string(s.State))}
	say := func(key string, args map[string]any) { out = append(out, w.T(key, args)) }
	say("rules.standing.family", map[string]any{"amount": s.Family})
	say("rules.standing.program", map[string]any{"amount": s.Program, "vested": s.Vested})
	if s.Earnings.Sign() > 0 {
		say("rules.standing.earnings", map[string]any{"amount": s.Earnings})
	}
	if !s.ExpiresOn.Before(s.On) {
		say("rules.standing.expires", map[string]any{"on": s.ExpiresOn})
	}
	for _, d := range s.Departures {
		out = append(out, ExplainDeparture(w, d)...)
	}
	for _, u := range s.Unpaid {
		say("rules.unpaid."+string(u.Why), map[string]any{"amount": u.Amount, "on": u.On})
	}
	return out
}

// ExplainDeparture phrases what left, where it went and why, and from which
// funds it was.
func ExplainDeparture(w Words, d Departure) []string {
	args := map[string]any{"amount": d.Amount, "on": d.On, "whose": w.T("rules.whose." + string(d.Owner))}
	out := []string{w.T("rules.goes."+string(d.To), args) + " " + w.T("rules.leaves."+string(d.Why))}
	for _, p := range d.Parts {
		if p.Fund != "" {
			out = append(out, w.T("rules.leaving", map[string]any{"amount": p.Amount, "fund": p.Fund}))
		}
	}
	return out
}
