package worker

import (
	"context"
	"fmt"
	"sync"

	"vlocal/domain"
)

// BudgetError says that the money for the run is used up.
type BudgetError struct {
	Budget, Spent domain.Money
	// Next is what the next answer may cost.
	Next domain.Money
}

func (e *BudgetError) Error() string {
	if e.Spent == 0 {
		return fmt.Sprintf("the budget of %s is too small for one answer, which may cost %s (raise --budget, or lower --max-tokens)",
			e.Budget, e.Next)
	}
	return fmt.Sprintf("the budget of %s is used up: %s spent, and the next answer may cost more than is left (to go on, run again with another --budget)",
		e.Budget, e.Spent)
}

// firstTokens is how large the input of a request is thought to be before the
// first answer tells.
const firstTokens = 2000

// budget keeps what a run spends under a bound. Each request is taken for as dear
// as it can become until its end tells; the first goes alone, so that more than
// one request is never sent without knowing what one takes.
type budget struct {
	limit     domain.Money // 0 for no bound
	price     func(model string) (domain.Price, bool)
	maxTokens int

	mu sync.Mutex
	// spent is for what has ended, held for what is in flight.
	spent, held domain.Money
	inFlight    int
	// largest has the most input tokens that an answer took, by model.
	largest map[string]int
	// changed is closed, and made anew, when a request ended.
	changed chan struct{}
}

func newBudget(o Options, maxTokens int) *budget {
	return &budget{
		limit: o.Budget, price: o.Price, maxTokens: maxTokens,
		largest: map[string]int{}, changed: make(chan struct{}),
	}
}

// reserve holds the money for a request, once there is enough: requests in flight
// may turn out cheaper than they could have been. Its error is *BudgetError, or
// the end of ctx.
func (b *budget) reserve(ctx context.Context, model string) (held domain.Money, err error) {
	if b.limit == 0 {
		return 0, nil
	}
	for {
		b.mu.Lock()
		tokens, known := b.largest[model]
		if !known {
			tokens = firstTokens
		}
		price, _ := b.price(model)
		held = price.Cost(domain.Usage{TokensIn: tokens, TokensOut: b.maxTokens})
		fits := b.spent+b.held+held <= b.limit
		if fits && (known || b.inFlight == 0) {
			b.held += held
			b.inFlight++
			b.mu.Unlock()
			return held, nil
		}
		if !fits && b.inFlight == 0 {
			err := &BudgetError{Budget: b.limit, Spent: b.spent, Next: held}
			b.mu.Unlock()
			return 0, err
		}
		changed := b.changed
		b.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return 0, context.Cause(ctx)
		}
	}
}

// settle replaces what was held by what the request cost. One that was sent and
// whose cost nobody knows is counted as held: it may have been billed.
func (b *budget) settle(held domain.Money, model string, a domain.Answer, billed bool) {
	if b.limit == 0 {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.held -= held
	b.inFlight--
	switch {
	case a.Cost != nil:
		b.spent += *a.Cost
	case billed:
		b.spent += held
	}
	if a.TokensIn > 0 {
		b.largest[model] = max(b.largest[model], a.TokensIn)
	}
	close(b.changed)
	b.changed = make(chan struct{})
}
