package console

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"seedbook/service/auth"
	"seedbook/service/sheet"
)

// route is a page or a form's target, and who may come to it.
type route struct {
	method, path string
	may          auth.Capability
	do           func(*Console, *gin.Context, visit) error
	file         bool // takes a file
}

const (
	get  = http.MethodGet
	post = http.MethodPost
)

// open are the pages of who is not signed in.
var open = []struct {
	method, path string
	do           func(*Console, *gin.Context) error
}{
	{get, "/sign-in", (*Console).askSignIn},
	{post, "/sign-in", (*Console).signIn},
	{get, "/sign-in/link/:token", (*Console).askLink},
	{post, "/sign-in/link", (*Console).redeemLink},
	{post, "/sign-in/passkey", (*Console).signInByPasskey},
	{get, "/sign-in/provider", (*Console).beginElsewhere},
	{get, AnswerPath, (*Console).comeBack},
}

// routes are all other pages. A capability stands beside every path.
var routes = []route{
	{get, "/", auth.SeeHome, (*Console).start, false},
	{get, "/help", auth.SeeHome, (*Console).help, false},
	{get, "/help/keyboard", auth.SeeHome, (*Console).keyboard, false},
	{get, "/help/guides/:guide", auth.SeeHome, (*Console).showGuide, false},
	{get, "/help/pictures/:name", auth.SeeHome, (*Console).picture, false},
	{get, "/trail", auth.SeeTrail, (*Console).trail, false},
	{get, "/trail.csv", auth.SeeTrail, exportTrail(sheet.CSV), false},
	{get, "/trail.xlsx", auth.SeeTrail, exportTrail(sheet.XLSX), false},
	{post, "/sign-out", auth.ProveSelf, (*Console).signOut, false},
	{get, "/account", auth.ManageOwnAccount, (*Console).account, false},
	{get, "/sign-in/code", auth.ProveSelf, (*Console).askCode, false},
	{post, "/sign-in/code", auth.ProveSelf, (*Console).checkCode, false},
	{get, "/account/security", auth.ManageFactors, (*Console).security, false},
	{post, "/account/password", auth.ManageFactors, (*Console).setPassword, false},
	{get, "/account/app", auth.ManageFactors, (*Console).askApp, false},
	{post, "/account/app", auth.ManageFactors, (*Console).confirmApp, false},
	{post, "/account/app/remove", auth.ManageFactors, (*Console).removeApp, false},
	{post, "/account/passkeys", auth.ManageFactors, (*Console).addPasskey, false},
	{post, "/account/passkeys/remove", auth.ManageFactors, (*Console).removePasskey, false},
	{get, "/account/provider", auth.ManageFactors, (*Console).connectElsewhere, false},
	{post, "/account/provider/remove", auth.ManageFactors, (*Console).disconnectElsewhere, false},
	{post, "/account/sessions", auth.ManageOwnAccount, (*Console).endSession, false},

	{get, "/staff", auth.SeeStaff, (*Console).staff, false},
	{get, "/staff/new", auth.ManageStaff, (*Console).askInvite, false},
	{post, "/staff", auth.ManageStaff, (*Console).invite, false},
	{get, "/staff/:id", auth.SeeStaff, (*Console).member, false},
	{post, "/staff/:id/roles", auth.ManageStaff, (*Console).proposeRoles, false},
	{post, "/staff/:id/recovery", auth.ManageStaff, (*Console).proposeRecovery, false},
	{post, "/staff/:id/disable", auth.ManageStaff, (*Console).disable, false},
	{post, "/staff/:id/link", auth.ManageStaff, (*Console).welcome, false},
	{post, "/staff/roles/:id", auth.ApproveStaff, (*Console).decideRoles, false},
	{post, "/staff/recovery/:id", auth.ApproveRecovery, (*Console).decideRecovery, false},
	{post, "/staff/proposals/:id/withdraw", auth.ManageStaff, (*Console).withdraw, false},

	{get, "/p/:program", auth.SeeTotals, (*Console).home, false},
	{get, "/p/:program/children", auth.SeeChildren, (*Console).children, false},
	{get, "/p/:program/children.csv", auth.SeeChildren, export(sheet.CSV, false), false},
	{get, "/p/:program/children.xlsx", auth.SeeChildren, export(sheet.XLSX, false), false},
	{get, "/p/:program/children-named.csv", auth.ExportNames, export(sheet.CSV, true), false},
	{get, "/p/:program/children-named.xlsx", auth.ExportNames, export(sheet.XLSX, true), false},
	{post, "/p/:program/children/views", auth.SeeChildren, (*Console).saveView, false},
	{post, "/p/:program/children/views/:view/remove", auth.SeeChildren, (*Console).removeView, false},
	{get, "/p/:program/children/:id", auth.SeeChildren, (*Console).child, false},
	{get, "/p/:program/children/new", auth.ChangeChildren, (*Console).askNewChild, false},
	{post, "/p/:program/children/new", auth.ChangeChildren, (*Console).addChild, false},
	{get, "/p/:program/children/:id/edit", auth.ChangeChildren, (*Console).askEdit, false},
	{post, "/p/:program/children/:id/edit", auth.ChangeChildren, (*Console).edit, false},
	{get, "/p/:program/children/:id/timeline", auth.SeeChildren, (*Console).timeline, false},
	{get, "/p/:program/children/:id/family", auth.SeeChildren, (*Console).household, false},
	{get, "/p/:program/children/:id/family/:guardian", auth.ChangeChildren, (*Console).askGuardian, false},
	{post, "/p/:program/children/:id/family/:guardian", auth.ChangeChildren, (*Console).saveGuardian, false},
	{post, "/p/:program/children/:id/access/:account", auth.ChangeChildren, (*Console).reviewAccess, false},
	{get, "/p/:program/children/:id/file", auth.SeeProtected, (*Console).file, false},
	{post, "/p/:program/children/:id/holds", auth.HoldAccounts, (*Console).placeHold, false},
	{post, "/p/:program/children/:id/holds/:hold", auth.HoldAccounts, (*Console).liftHold, false},
	{post, "/p/:program/children/:id/consents", auth.ChangeChildren, (*Console).recordConsent, false},
	{post, "/p/:program/children/:id/notes", auth.SeeProtected, (*Console).writeNote, false},
	{post, "/p/:program/children/:id/documents", auth.ChangeChildren, (*Console).addDocument, true},
	{get, "/p/:program/children/:id/documents/:document", auth.SeeProtected, (*Console).document, false},
	{get, "/p/:program/children/:id/do/:what", auth.ChangeChildren, (*Console).askDo, false},
	{post, "/p/:program/children/:id/do/:what", auth.ChangeChildren, (*Console).do, false},
	{get, "/p/:program/children/:id/awards/:benefit/:period", auth.SeeChildren, (*Console).explainAward, false},
	{get, "/p/:program/excesses", auth.SeeDeposits, (*Console).excesses, false},
	{post, "/p/:program/excesses/:id", auth.ApproveMoney, (*Console).decideExcess, false},
	{get, "/p/:program/duplicates", auth.SeeChildren, (*Console).duplicates, false},
	{get, "/p/:program/duplicates/:pair", auth.SeeChildren, (*Console).duplicate, false},
	{post, "/p/:program/duplicates/:pair", auth.ChangeChildren, (*Console).decideDuplicate, false},
	{get, "/p/:program/duplicates/:pair/join", auth.SeeChildren, (*Console).askJoin, false},
	{post, "/p/:program/duplicates/:pair/join", auth.ChangeChildren, (*Console).proposeJoin, false},
	{post, "/p/:program/duplicates/:pair/join/withdraw", auth.ChangeChildren, (*Console).withdrawJoin, false},
	{post, "/p/:program/duplicates/:pair/join/decide", auth.ApproveMoney, (*Console).decideJoin, false},
	{get, "/p/:program/children/:id/records/:join", auth.ChangeChildren, (*Console).askPart, false},
	{post, "/p/:program/children/:id/records/:join", auth.ChangeChildren, (*Console).partJoin, false},

	{get, "/p/:program/children/:id/statements/:period", auth.SeeStatements, (*Console).statement, false},
	{get, "/p/:program/children/:id/statements/:period/:lang", auth.SeeStatements, (*Console).statementPDF, false},

	{get, "/p/:program/rosters", auth.SeeRosters, (*Console).rosters, false},
	{post, "/p/:program/rosters", auth.UploadRosters, (*Console).uploadRoster, true},
	{get, "/p/:program/rosters/columns/:id", auth.UploadRosters, (*Console).askColumns, false},
	{post, "/p/:program/rosters/columns/:id", auth.UploadRosters, (*Console).saveColumns, false},
	{get, "/p/:program/rosters/:id", auth.SeeRosters, (*Console).roster, false},
	{post, "/p/:program/rosters/:id/commit", auth.CommitRosters, (*Console).commitRoster, false},
	{post, "/p/:program/rosters/:id/discard", auth.CommitRosters, (*Console).discardRoster, false},
	{get, "/p/:program/rosters/:id/problems.csv", auth.SeeRosters, (*Console).rosterProblems, false},

	{get, "/p/:program/imports", auth.SeeImports, (*Console).imports, false},
	{get, "/p/:program/imports/sources", auth.SeeImports, (*Console).sources, false},
	{post, "/p/:program/imports/sources", auth.ImportFiles, (*Console).noteAgreement, false},
	{get, "/p/:program/imports/new/:kind", auth.ImportFiles, (*Console).newImport, false},
	{post, "/p/:program/imports/new/:kind", auth.ImportFiles, (*Console).uploadImport, true},
	{get, "/p/:program/imports/sample/:file", auth.ImportFiles, (*Console).importSample, false},
	{get, "/p/:program/imports/files/:id", auth.SeeImports, (*Console).importFile, false},
	{get, "/p/:program/imports/files/:id/columns", auth.ImportFiles, (*Console).importColumns, false},
	{post, "/p/:program/imports/files/:id/columns", auth.ImportFiles, (*Console).saveImportColumns, false},
	{post, "/p/:program/imports/files/:id/post", auth.PostDeposits, (*Console).applyImport, false},
	{post, "/p/:program/imports/files/:id/record", auth.ImportFacts, (*Console).applyImport, false},
	{post, "/p/:program/imports/files/:id/discard", auth.ImportFiles, (*Console).discardImport, false},
	{get, "/p/:program/imports/files/:id/rows.csv", auth.SeeImports, importRows(sheet.CSV), false},
	{get, "/p/:program/imports/files/:id/rows.xlsx", auth.SeeImports, importRows(sheet.XLSX), false},
	{get, "/p/:program/imports/files/:id/rejected.csv", auth.ImportFiles, importRejected(sheet.CSV), false},
	{get, "/p/:program/imports/files/:id/rejected.xlsx", auth.ImportFiles, importRejected(sheet.XLSX), false},
	{get, "/p/:program/imports/files/:id/undo", auth.ImportFiles, (*Console).askUndo, false},
	{post, "/p/:program/imports/files/:id/undo", auth.ImportFiles, (*Console).undoImport, false},

	{get, "/p/:program/deposits", auth.SeeDeposits, (*Console).deposits, false},
	{post, "/p/:program/deposits", auth.ImportDeposits, (*Console).uploadDeposits, true},
	{get, "/p/:program/deposits/files/:id", auth.ImportDeposits, (*Console).showDepositFile, false},
	{post, "/p/:program/deposits/files/:id", auth.PostDeposits, (*Console).postDeposits, false},
	{get, "/p/:program/deposits/:id", auth.ImportDeposits, (*Console).askOwner, false},
	{post, "/p/:program/deposits/:id", auth.PostDeposits, (*Console).identify, false},

	{get, "/p/:program/custody", auth.SeeCustody, (*Console).custody, false},
	{post, "/p/:program/custody", auth.TakeBankFiles, (*Console).takeBankFile, true},
	{get, "/p/:program/custody/new", auth.ManageCustody, (*Console).askCustodian, false},
	{post, "/p/:program/custody/new", auth.ManageCustody, (*Console).addCustodian, false},
	{get, "/p/:program/custody/files/:id", auth.SeeCustody, (*Console).bankFile, false},
	{post, "/p/:program/custody/files/:id/release", auth.ReleaseBankFiles, (*Console).releaseBankFile, false},

	{get, "/approvals", auth.SeeApprovals, (*Console).approvals, false},
	{get, "/approvals/limits", auth.SeeApprovals, (*Console).limits, false},
	{post, "/approvals/limits", auth.AskApproval, (*Console).askLimit, false},
	{get, "/approvals/:id", auth.SeeApprovals, (*Console).approval, false},
	{post, "/approvals/:id/approve", auth.DecideRequests, (*Console).approve, false},
	{post, "/approvals/:id/return", auth.DecideRequests, (*Console).returnRequest, false},
	{post, "/approvals/:id/refuse", auth.DecideRequests, (*Console).refuseRequest, false},
	{post, "/approvals/:id/withdraw", auth.AskApproval, (*Console).withdrawRequest, false},
	{get, "/p/:program/approvals", auth.SeeApprovals, (*Console).approvals, false},
	{get, "/p/:program/journal/:tx", auth.SeeBooks, (*Console).transaction, false},
	{get, "/p/:program/journal/:tx/correct", auth.Correct, (*Console).askCorrection, false},
	{post, "/p/:program/journal/:tx/correct", auth.Correct, (*Console).correct, false},
	{post, "/p/:program/rosters/:id/ask", auth.CommitRosters, (*Console).askRoster, false},
	{post, "/p/:program/jobs/ask", auth.RunJobs, (*Console).askRun, false},
	{get, "/p/:program/funds/receive", auth.ManageFunds, (*Console).askReceipt, false},
	{post, "/p/:program/funds/receive", auth.ManageFunds, (*Console).receiveFunds, false},
	{get, "/p/:program/funds/new", auth.ManageFunds, (*Console).askFund, false},
	{post, "/p/:program/funds/new", auth.ManageFunds, (*Console).addFund, false},

	{get, "/p/:program/funds/:fund", auth.SeeFunds, (*Console).fundPage, false},
	{get, "/p/:program/funds/:fund/files/:file", auth.SeeFunds, (*Console).fundList, false},
	{get, "/p/:program/funds", auth.SeeFunds, (*Console).funds, false},

	{get, "/p/:program/rules", auth.SeeRules, (*Console).ruleBooks, false},
	{post, "/p/:program/rules", auth.DraftRules, (*Console).beginRuleBook, false},
	{get, "/p/:program/rules/:id", auth.SeeRules, (*Console).ruleBook, false},
	{get, "/p/:program/rules/:id/rules.yaml", auth.SeeRules, (*Console).ruleFile, false},
	{get, "/p/:program/rules/:id/text", auth.DraftRules, (*Console).ruleText, false},
	{post, "/p/:program/rules/:id/text", auth.DraftRules, (*Console).saveRuleText, false},
	{get, "/p/:program/rules/:id/form", auth.DraftRules, (*Console).ruleForm, false},
	{post, "/p/:program/rules/:id/form", auth.DraftRules, (*Console).saveRuleForm, false},
	{get, "/p/:program/rules/:id/try", auth.SeeRules, (*Console).trial, false},
	{post, "/p/:program/rules/:id/try", auth.TryRules, (*Console).tryRules, false},
	{post, "/p/:program/rules/:id/try/cancel", auth.TryRules, (*Console).stopTrial, false},
	{post, "/p/:program/rules/:id/copy", auth.DraftRules, (*Console).copyRuleBook, false},
	{post, "/p/:program/rules/:id/submit", auth.DraftRules, (*Console).submitRules, false},
	{post, "/p/:program/rules/:id/withdraw", auth.DraftRules, (*Console).withdrawRules, false},
	{post, "/p/:program/rules/:id/approve", auth.ApproveRules, (*Console).approveRules, false},
	{post, "/p/:program/rules/:id/return", auth.ApproveRules, (*Console).returnRules, false},
	{post, "/p/:program/rules/:id/revoke", auth.ApproveRules, (*Console).revokeRules, false},

	{get, "/p/:program/forecast", auth.SeeFunds, (*Console).forecast, false},
	{post, "/p/:program/forecast", auth.TryRules, (*Console).foresee, false},
	{post, "/p/:program/forecast/cancel", auth.TryRules, (*Console).stopForecast, false},
	{post, "/p/:program/forecast/changes", auth.TryRules, (*Console).costChange, false},
	{get, "/p/:program/forecast/changes/:change", auth.SeeFunds, (*Console).cost, false},
	{post, "/p/:program/forecast/changes/:change/cancel", auth.TryRules, (*Console).stopForecast, false},

	{get, "/p/:program/pictures", auth.SeeTotals, (*Console).pictures, false},
	{get, "/p/:program/pictures/equity", auth.SeeTotals, (*Console).equity, false},
	{get, "/p/:program/pictures/files/:file", auth.SeeTotals, (*Console).pictureFile, false},

	{get, "/p/:program/findings", auth.VerifyBooks, (*Console).findings, false},
	{get, "/p/:program/findings/findings.csv", auth.VerifyBooks, (*Console).findingsFile, false},

	{get, "/p/:program/classes", auth.SeeRules, (*Console).classes, false},
	{get, "/p/:program/classes/:benefit/:on", auth.SeeChildren, (*Console).class, false},
	{get, "/p/:program/classes/:benefit/:on/list.txt", auth.SeeChildren, (*Console).classText, false},

	{get, "/p/:program/facts", auth.SeeRosters, (*Console).facts, false},
	{post, "/p/:program/facts", auth.ImportFacts, (*Console).uploadFacts, true},
	{get, "/p/:program/facts/sample.csv", auth.ImportFacts, (*Console).factSample, false},
	{get, "/p/:program/facts/files/:id", auth.ImportFacts, (*Console).factFile, false},
	{post, "/p/:program/facts/files/:id", auth.ImportFacts, (*Console).recordFacts, false},
	{get, "/p/:program/facts/files/:id/rows.csv", auth.ImportFacts, (*Console).factRows, false},
	{get, "/p/:program/children/:id/facts", auth.SeeChildren, (*Console).childFacts, false},
	{get, "/p/:program/letters", auth.SeeLetters, (*Console).letters, false},
	{post, "/p/:program/letters", auth.PrintLetters, (*Console).printLetters, false},
	{get, "/p/:program/letters/:id", auth.PrintLetters, (*Console).lettersReady, false},
	{get, "/p/:program/letters/:id/letters.pdf", auth.PrintLetters, (*Console).lettersFile, false},

	{get, "/p/:program/keys", auth.SeeKeys, (*Console).apiKeys, false},
	{post, "/p/:program/keys", auth.ManageKeys, (*Console).makeKey, false},
	{get, "/p/:program/keys/:id", auth.SeeKeys, (*Console).apiKey, false},
	{post, "/p/:program/keys/:id/second", auth.ManageKeys, (*Console).secondKey, false},
	{post, "/p/:program/keys/:id/revoke", auth.ManageKeys, (*Console).revokeKey, false},

	{get, "/p/:program/jobs", auth.SeeJobs, (*Console).jobRuns, false},
	{post, "/p/:program/jobs", auth.RunJobs, (*Console).runJob, false},
	{get, "/p/:program/jobs/:id", auth.SeeJobs, (*Console).jobRun, false},
	{post, "/p/:program/jobs/:id/resume", auth.RunJobs, (*Console).resumeJob, false},
	{post, "/p/:program/jobs/:id/cancel", auth.RunJobs, (*Console).cancelJob, false},

	{get, "/p/:program/journal", auth.SeeBooks, (*Console).journal, false},
	{get, "/p/:program/journal.csv", auth.SeeBooks, exportJournal(sheet.CSV), false},
	{get, "/p/:program/journal.xlsx", auth.SeeBooks, exportJournal(sheet.XLSX), false},
	{post, "/p/:program/journal/views", auth.SeeBooks, (*Console).saveJournalView, false},
	{post, "/p/:program/journal/views/:view/remove", auth.SeeBooks, (*Console).removeJournalView, false},
	{get, "/p/:program/journal/:tx/proof.json", auth.SeeBooks, (*Console).proofFile, false},
	{get, "/p/:program/books.csv", auth.SeeBooks, exportBooks(sheet.CSV), false},
	{get, "/p/:program/books.xlsx", auth.SeeBooks, exportBooks(sheet.XLSX), false},
	{get, "/p/:program/books/:chart/:fund", auth.SeeBooks, (*Console).ledgerAccounts, false},
	{get, "/p/:program/periods", auth.SeeBooks, (*Console).periods, false},
	{get, "/p/:program/periods/:month", auth.SeeBooks, (*Console).periods, false},
	{post, "/p/:program/periods/:month/explain", auth.ClosePeriods, (*Console).explainPoint, false},
	{post, "/p/:program/periods/:month/close", auth.ClosePeriods, (*Console).askClose, false},
	{post, "/p/:program/periods/:month/reopen", auth.ClosePeriods, (*Console).askReopen, false},
	{get, "/p/:program/books", auth.SeeBooks, (*Console).books, false},
	{post, "/p/:program/books/verify", auth.VerifyBooks, (*Console).verifyBooks, false},
}
