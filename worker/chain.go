package worker

import (
	"cmp"
	"slices"

	"vlocal/domain"
)

// modelOf gives the model to ask about a job now.
func (r *run) modelOf(j domain.Job) string {
	return cmp.Or(j.Model, r.options.Route(j.Image.Path), r.task.Model)
}

// nextModel gives the model to ask after the one that could not answer; "" when
// it was the last.
func (r *run) nextModel(j domain.Job, asked string) string {
	chain := append([]string{cmp.Or(r.options.Route(j.Image.Path), r.task.Model)}, r.options.Fallback...)
	for i := slices.Index(chain, asked) + 1; i < len(chain); i++ {
		if !slices.Contains(chain[:i], chain[i]) {
			return chain[i]
		}
	}
	return ""
}

// anotherMayAnswer are the kinds that another model may solve. A server that
// fails is one of them once the tries at it are used up.
func anotherMayAnswer(k domain.ErrorKind) bool {
	return slices.Contains([]domain.ErrorKind{domain.Refused, domain.InvalidAnswer, domain.Truncated, domain.Server}, k)
}
