package worker

import (
	"cmp"
	"slices"

	"vlocal/domain"
)

// modelsOf gives the models to ask about a job, in turn: from the one that it has
// come to.
func (r *run) modelsOf(j domain.Job) []string {
	first := cmp.Or(r.options.Route(j.Image.Path), r.task.Model)
	var chain []string
	for _, model := range append([]string{first}, r.options.Fallback...) {
		if !slices.Contains(chain, model) {
			chain = append(chain, model)
		}
	}
	if i := slices.Index(chain, j.Model); i > 0 {
		return chain[i:]
	}
	return chain
}

// nextModel gives the model to ask after the one that could not answer; "" when
// it was the last.
func (r *run) nextModel(j domain.Job, asked string) string {
	chain := r.modelsOf(j)
	if i := slices.Index(chain, asked) + 1; i < len(chain) {
		return chain[i]
	}
	return ""
}

// otherAnswers reports whether the model that was asked is paused while a later one
// is not.
func (r *run) otherAnswers(j domain.Job, asked string) bool {
	down, _ := r.breakers.of(asked).paused()
	return !down.IsZero() && r.nextModel(j, asked) != "" && r.breakers.retryAt(r.modelsOf(j)).IsZero()
}

// models are those that any job without a route of its own may ask.
func (r *run) models() []string { return append([]string{r.task.Model}, r.options.Fallback...) }

// anotherMayAnswer are the kinds that another model may solve. A server that
// fails is one of them once the tries at it are used up.
func anotherMayAnswer(k domain.ErrorKind) bool {
	return slices.Contains([]domain.ErrorKind{domain.Refused, domain.Filtered, domain.InvalidAnswer, domain.Truncated, domain.Server}, k)
}
