// Package domain holds the words of vlocal: image, task, job, attempt, answer
// and the closed lists of job statuses and error kinds.
//
// It imports nothing of the project and does nothing by itself. Every other
// room speaks in these types, so that none of them has to know another.
package domain
