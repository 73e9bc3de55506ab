package worker

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// crowd keeps all slots busy for a while with requests whose latency is a function
// of how many are in flight, and gives the decisions and the most in flight since
// watch.
func crowd(t *testing.T, s *slots, d, watch time.Duration, latency func(inFlight, n int) time.Duration) (told []string, peak int) {
	var mu sync.Mutex
	inFlight, n := 0, 0
	start := time.Now()
	var wg sync.WaitGroup
	for range s.most {
		wg.Go(func() {
			for time.Since(start) < d {
				if err := s.acquire(t.Context()); err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				inFlight++
				n++
				if time.Since(start) >= watch {
					peak = max(peak, inFlight)
				}
				took := latency(inFlight, n)
				mu.Unlock()
				time.Sleep(took)
				mu.Lock()
				inFlight--
				if text := s.answered(took); text != "" {
					told = append(told, text)
				}
				mu.Unlock()
				s.release()
			}
		})
	}
	wg.Wait()
	return told, peak
}

func TestSlotsFollowTheLatency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSlots(25)
		calm := func(int, int) time.Duration { return 100 * time.Millisecond }
		if told, peak := crowd(t, s, 10*time.Second, 0, calm); len(told) != 0 || peak != 25 {
			t.Errorf("%d in flight at a quick server, told %q", peak, told)
		}
		// Now it works on 5 at a time, and queues the others.
		queued := func(inFlight, _ int) time.Duration {
			return max(100*time.Millisecond, 100*time.Millisecond*time.Duration(inFlight)/5)
		}
		told, peak := crowd(t, s, 2*time.Minute, time.Minute, queued)
		if peak > 11 || len(told) < 3 {
			t.Errorf("%d in flight at a server that works on 5 at a time, told %q", peak, told)
		}
		if _, peak := crowd(t, s, 2*time.Minute, time.Minute, calm); peak != 25 || s.now() != 25 {
			t.Errorf("%d in flight, %d slots after all is quick again", peak, s.now())
		}
	})
}

func TestSlotsStayWhereLatenciesMerelyDiffer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSlots(25)
		told, peak := crowd(t, s, 5*time.Minute, 0, func(_, n int) time.Duration {
			return []time.Duration{20, 30, 48, 48, 60, 127, 203}[n%7] * time.Millisecond
		})
		if len(told) != 0 || peak != 25 {
			t.Errorf("%d in flight, told %q", peak, told)
		}
	})
}

// Where an answer takes 2 ms, one of 10 ms is no queue.
func TestSlotsStayWhereAnswersTakeMilliseconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSlots(5)
		start := time.Now()
		told, peak := crowd(t, s, 30*time.Second, 0, func(int, int) time.Duration {
			if int(time.Since(start).Seconds())%10 < 5 {
				return 2 * time.Millisecond
			}
			return 10 * time.Millisecond
		})
		if len(told) != 0 || peak != 5 {
			t.Errorf("%d in flight, told %q", peak, told)
		}
	})
}
