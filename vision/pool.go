package vision

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"vlocal/domain"
)

// firstGuess is how many tokens a request is thought to take before the first
// answer tells: a picture of 1920x1080 pixels and a short answer at OpenAI.
const firstGuess = 2000

// pool has the accounts of a client, one for each API key, and gives each request
// to the one that has most room. It is safe for many goroutines.
type pool struct {
	// rpm and tpm are the pace that a person asked for; 0 for none.
	rpm, tpm float64
	// decided is told what the pool decides; never under the lock.
	decided func(domain.Decision)

	mu       sync.Mutex
	accounts []*account
	// guess is how many tokens a request takes, from the answers so far.
	guess float64
	// changed is closed, and made anew, when waiting callers should look again.
	changed chan struct{}
}

func newPool(o Options) *pool {
	p := &pool{rpm: o.RPM, tpm: o.TPM, decided: o.Decided, guess: firstGuess, changed: make(chan struct{})}
	keys := o.Keys
	if len(keys) == 0 {
		keys = []domain.Key{{}}
	}
	now := time.Now()
	start := cmp.Or(o.RPM, o.StartRPM)
	for _, key := range keys {
		a := &account{key: key, most: start}
		a.requests.set(now, start, 1)
		a.tokens.set(now, o.TPM, firstGuess)
		p.accounts = append(p.accounts, a)
	}
	return p
}

// errNoKeyLeft is what a request meets when every key was refused for the run.
var errNoKeyLeft = errors.New("no API key is left to ask with")

// admit waits until a request may leave. Its error is the end of ctx, or the
// *domain.Error that took the last account out of use.
func (p *pool) admit(ctx context.Context) (domain.Permit, error) {
	for {
		permit, wait, changed, err := p.try()
		if err != nil || wait <= 0 {
			return permit, err
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-changed:
		case <-ctx.Done():
			timer.Stop()
			return domain.Permit{}, context.Cause(ctx)
		}
		timer.Stop()
	}
}

// try lets a request leave now, or says how long to wait or whose word to wait
// for.
func (p *pool) try() (permit domain.Permit, wait time.Duration, changed <-chan struct{}, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now, tokens := time.Now(), int(p.guess)
	best, last := -1, error(errNoKeyLeft)
	for i, a := range p.accounts {
		if a.gone {
			last = a.refusal
			continue
		}
		a.tokens.set(now, a.tokens.perMinute, tokens)
		w := a.wait(now, tokens)
		if best < 0 || w < wait || w == wait && a.roomier(now, p.accounts[best]) {
			best, wait = i, w
		}
	}
	if best < 0 {
		return permit, 0, nil, last
	}
	if wait > 0 {
		return permit, wait, p.changed, nil
	}
	a := p.accounts[best]
	a.take(now, tokens)
	return domain.Permit{Account: best, Key: a.key.Fingerprint(), Tokens: tokens}, 0, nil, nil
}

// withdraw gives back a permit that no request was sent with.
func (p *pool) withdraw(permit domain.Permit) {
	p.mu.Lock()
	defer p.mu.Unlock()
	a := p.accounts[permit.Account]
	a.requests.giveBack(1)
	a.tokens.giveBack(permit.Tokens)
	p.wake()
}

// key gives the API key that a permit is for.
func (p *pool) key(permit domain.Permit) domain.Key {
	return p.accounts[permit.Account].key // never changed after newPool
}

// settle takes how a request ended. header is nil if no answer came. It marks an
// error of the account as one that another account may not have.
func (p *pool) settle(permit domain.Permit, header http.Header, usage domain.Usage, e *domain.Error) {
	now := time.Now()
	var decisions []domain.Decision
	note := func(what domain.Subject, text string) {
		if text != "" {
			decisions = append(decisions, domain.Decision{At: now, What: what, Text: text})
		}
	}
	p.mu.Lock()
	a := p.accounts[permit.Account]
	if header != nil {
		a.limit(now, allowances(header, "Requests"), allowances(header, "Tokens"), p.rpm, p.tpm)
	}
	p.count(now, a, permit, usage)
	switch {
	case e == nil:
		a.failures, a.set = 0, 0
		if !a.gone { // or what came late would hide why it is
			a.refusal = nil
		}
		note(domain.AboutPace, a.ease(now))
	case e.Kind == domain.RateLimited:
		note(domain.AboutPace, a.refuse(now, e.RetryAfter))
		if a.pace() == slowest { // a slower pace is no way out any more
			note(domain.AboutKey, p.fail(now, a, e))
		}
	case e.Kind == domain.Quota:
		if !a.gone {
			a.gone, a.refusal = true, e
			note(domain.AboutKey, cmp.Or(a.prefix(), "the account is ")+"not used in this run any more: "+e.Err.Error())
		}
		e.Elsewhere = p.usable()
	case e.Kind == domain.Auth:
		if a.refusal == nil || now.After(a.until) {
			note(domain.AboutKey, a.setAside(now, e))
		}
		e.Elsewhere = p.usable()
	case e.Kind == domain.Server, e.Kind == domain.Timeout:
		note(domain.AboutKey, p.fail(now, a, e))
	}
	p.wake()
	p.mu.Unlock()
	if p.decided != nil {
		for _, d := range decisions {
			p.decided(d)
		}
	}
}

// fail counts an error that may be the account's own. While there is another
// account that works, enough of them in a row set it aside.
func (p *pool) fail(now time.Time, a *account, e *domain.Error) string {
	a.failures++
	if a.failures < ownErrors || len(p.accounts) == 1 {
		return ""
	}
	for _, other := range p.accounts {
		if other != a && !other.gone && other.failures == 0 && other.refusal == nil {
			return a.setAside(now, e)
		}
	}
	return ""
}

// usable reports whether an account is left that was not refused. One that was
// set aside for errors that pass counts: its time will come.
func (p *pool) usable() bool {
	for _, a := range p.accounts {
		if !a.gone && (a.refusal == nil || !a.refusal.Kind.StopsRun()) {
			return true
		}
	}
	return false
}

// count corrects what was taken by what the answer took.
func (p *pool) count(now time.Time, a *account, permit domain.Permit, u domain.Usage) {
	took := u.TokensIn + u.TokensOut
	if took == 0 {
		return
	}
	p.guess += (float64(took) - p.guess) / 10
	if took > permit.Tokens {
		a.tokens.take(now, took-permit.Tokens)
	} else {
		a.tokens.giveBack(permit.Tokens - took)
	}
}

// wake has waiting callers look again.
func (p *pool) wake() {
	close(p.changed)
	p.changed = make(chan struct{})
}

// Pace says how fast requests may leave now, for the progress line.
type Pace struct {
	// PerMinute is in requests a minute, over all keys; 0 for no limit.
	PerMinute float64
	// Keys counts those of the client, Aside those that are not used at the
	// moment.
	Keys, Aside int
}

func (p *pool) pace() Pace {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	pace := Pace{Keys: len(p.accounts)}
	unlimited := false
	for _, a := range p.accounts {
		if a.gone || a.refusal != nil && a.until.After(now) {
			pace.Aside++
			continue
		}
		unlimited = unlimited || a.pace() == 0
		pace.PerMinute += a.pace()
	}
	if unlimited {
		pace.PerMinute = 0
	}
	return pace
}
