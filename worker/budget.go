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

const (
	// firstTokens is how large the input of a request is thought to be, for each
	// picture in it, before the first answer tells.
	firstTokens = 2000
	// larger is how many times the pixels of the largest picture that was answered
	// another may have and still be thought to take no more tokens.
	larger = 1.25
	// mostGrowth bounds how many times as many tokens a larger picture is thought
	// to take: servers count in tiles, and add a part for any picture.
	mostGrowth = 8
)

// budget keeps what a run spends under a bound. Each request is taken for as dear
// as it can become until its end tells. The first goes alone, and so does each
// with a picture larger than those before, so that never more than one request is
// out of which nobody knows what it takes.
type budget struct {
	limit     domain.Money // 0 for no bound
	price     func(model string) (domain.Price, bool)
	maxTokens int

	mu sync.Mutex
	// spent is for what has ended, held for what is in flight.
	spent, held domain.Money
	inFlight    int
	// largest has what the largest inputs that were answered took, by model.
	largest map[string]input
	// changed is closed, and made anew, when a request ended.
	changed chan struct{}
}

// input is how large a request is: its tokens, and the pixels of its picture.
type input struct{ tokens, pixels int }

func newBudget(o Options, maxTokens int) *budget {
	return &budget{
		limit: o.Budget, price: o.Price, maxTokens: maxTokens,
		largest: map[string]input{}, changed: make(chan struct{}),
	}
}

// tokens gives how many input tokens a request may take, and whether that is
// known from others like it.
func (b *budget) tokens(model string, pixels, pictures int) (n int, known bool) {
	seen, known := b.largest[model]
	if !known {
		return firstTokens * pictures, false
	}
	if seen.pixels == 0 || float64(pixels) <= larger*float64(seen.pixels) {
		return seen.tokens, true
	}
	return max(seen.tokens*min(pixels/seen.pixels+1, mostGrowth), firstTokens*pictures), false
}

// reserve holds the money for a request with so many pictures and pixels in all of
// them, once there is enough:
// requests in flight may turn out cheaper than they could have been. Its error is
// *BudgetError, or the end of ctx.
func (b *budget) reserve(ctx context.Context, model string, pixels, pictures int) (held domain.Money, err error) {
	if b.limit == 0 {
		return 0, nil
	}
	for {
		b.mu.Lock()
		tokens, known := b.tokens(model, pixels, pictures)
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

// left is how much of the money is not spent; what may have been billed counts as
// spent.
func (b *budget) left() domain.Money {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.limit - b.spent
}

// settle replaces what was held by what the request cost. One that was sent and
// whose cost nobody knows is counted as held: it may have been billed.
func (b *budget) settle(held domain.Money, model string, pixels int, a domain.Answer, billed bool) {
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
	tokens := a.TokensIn
	if tokens == 0 && a.Text != "" {
		tokens = firstTokens // a server that does not count: it is taken for that
	}
	if tokens > 0 {
		seen := b.largest[model]
		b.largest[model] = input{tokens: max(seen.tokens, tokens), pixels: max(seen.pixels, pixels)}
	}
	close(b.changed)
	b.changed = make(chan struct{})
}
