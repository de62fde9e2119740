package console

import (
	"strings"

	"seedbook/jobs"
	"seedbook/service/enroll"
	"seedbook/service/roster"
	"seedbook/service/web/parts"
)

// participation is where a child stands, as a tag.
func participation(v visit, e enroll.Enrollment) parts.Status {
	if e.Flagged {
		return parts.Status{Text: v.words.T("console.participation.flagged"), Tone: parts.Caution}
	}
	if e.EndedBy == string(enroll.Died) {
		return parts.Status{Text: v.words.T("console.participation.died"), Tone: parts.Quiet}
	}
	tone := parts.Quiet
	if e.State == enroll.Enrolled {
		tone = parts.Good
	}
	return parts.Status{Text: v.words.T("console.participation." + string(e.State)), Tone: tone}
}

// grade is a CEDS grade in words.
func grade(v visit, code string) string {
	switch code {
	case "":
		return ""
	case "PK", "KG":
		return v.words.T("console.grade." + strings.ToLower(code))
	}
	return strings.TrimLeft(code, "0")
}

// rosterState is how far a roster is, as a tag.
func rosterState(v visit, s roster.State) parts.Status {
	tone := map[roster.State]parts.Tone{roster.Staged: parts.Info, roster.Applying: parts.Caution, roster.Applied: parts.Good}[s]
	if tone == "" {
		tone = parts.Quiet
	}
	return parts.Status{Text: v.words.T("console.roster_state." + string(s)), Tone: tone}
}

// runState is where a run of a job stands, as a tag.
func runState(v visit, r jobs.Run) parts.Status {
	if r.Interrupted(v.at) {
		return parts.Status{Text: v.words.T("console.run_state.interrupted"), Tone: parts.Caution}
	}
	tone := map[jobs.State]parts.Tone{jobs.Running: parts.Info, jobs.Done: parts.Good, jobs.Failed: parts.Bad}[r.State]
	if tone == "" {
		tone = parts.Quiet
	}
	return parts.Status{Text: v.words.T("console.run_state." + string(r.State)), Tone: tone}
}

// jobName is a job's name in words.
func jobName(v visit, job string) string {
	if key := "console.job." + job; v.words.Has(key) {
		return v.words.T(key)
	}
	return job
}

// named is the phrase below a prefix for a code, or the code where it has none:
// what other rooms count is counted under their own names.
func named(v visit, prefix, code string) string {
	if v.words.Has(prefix + code) {
		return v.words.T(prefix + code)
	}
	return code
}

// person is who did something, for a list: "staff/7" is a person of the
// organization, everything else is the program itself.
func actor(v visit, who string) string {
	if who == v.Who().Actor {
		return v.Name
	}
	kind, id, _ := strings.Cut(who, "/")
	if kind == "staff" {
		return v.words.T("console.actor.staff", map[string]any{"id": id})
	}
	if kind == "key" {
		return v.words.T("console.actor.key", map[string]any{"id": id})
	}
	return v.words.T("console.actor.system")
}
