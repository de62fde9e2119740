// Package ledger is the strongroom: amounts, dates, accounts, transactions,
// entries, balances, holds, reversals, period locks, proofs and the export of
// the journal. It alone moves money.
//
// It knows accounts, funds and children only as numbers. It imports nothing
// else of Seedbook, never reads a clock, and never opens a transaction of its
// own: whoever calls it commits.
package ledger
