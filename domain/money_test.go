package domain_test

import (
	"testing"

	"vlocal/domain"
)

func TestCostCountsCachedTokensAtTheirOwnPrice(t *testing.T) {
	p := domain.Price{In: 0.15, Out: 0.60, CachedIn: 0.075}
	got := p.Cost(domain.Usage{TokensIn: 1_000_000, TokensCached: 400_000, TokensOut: 500_000})
	if want := domain.Dollars(0.6*0.15 + 0.4*0.075 + 0.5*0.60); got != want {
		t.Errorf("%v, want %v", got, want)
	}
	// A server that counts more from its cache than came in is not believed.
	if got := p.Cost(domain.Usage{TokensIn: 10, TokensCached: 99}); got != p.Cost(domain.Usage{TokensIn: 10, TokensCached: 10}) {
		t.Errorf("%v", got)
	}
}

func TestMoneyReadsAsDollars(t *testing.T) {
	for m, want := range map[domain.Money]string{
		0:                         "$0",
		domain.Dollars(12.345):    "$12.35",
		domain.Dollars(0.0185):    "$0.0185",
		domain.Dollars(0.0001234): "$0.000123",
	} {
		if got := m.String(); got != want {
			t.Errorf("%d is %q, want %q", int64(m), got, want)
		}
	}
}
