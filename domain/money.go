package domain

import (
	"fmt"
	"math"
)

// Money is an amount in billionths of a US dollar, fine enough for the price of
// a single token.
type Money int64

// Dollar is one US dollar.
const Dollar Money = 1_000_000_000

// Dollars makes Money of an amount in US dollars.
func Dollars(amount float64) Money { return Money(math.Round(amount * float64(Dollar))) }

// Dollars gives the amount in US dollars.
func (m Money) Dollars() float64 { return float64(m) / float64(Dollar) }

// String gives dollars with two digits after the point, and with more where the
// amount is small: $12.34, $0.0185, $0.
func (m Money) String() string {
	d := m.Dollars()
	switch {
	case m == 0:
		return "$0"
	case math.Abs(d) >= 1:
		return fmt.Sprintf("$%.2f", d)
	case math.Abs(d) >= 0.01:
		return fmt.Sprintf("$%.4f", d)
	}
	return fmt.Sprintf("$%.3g", d)
}

// Price is what a model takes, in US dollars for a million tokens.
type Price struct {
	In, Out float64
	// CachedIn is for the part of the input that the provider had in its cache.
	CachedIn float64
}

// Cost gives what an answer with that usage costs.
func (p Price) Cost(u Usage) Money {
	cached := min(u.TokensCached, u.TokensIn)
	perMillion := p.In*float64(u.TokensIn-cached) + p.CachedIn*float64(cached) + p.Out*float64(u.TokensOut)
	return Dollars(perMillion / 1e6)
}
