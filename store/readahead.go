package store

import "iter"

// aheadBatch is how many values a sequence that is read ahead hands over together.
const aheadBatch = 256

// stretch is a part of a sequence; with an error, its last.
type stretch[T any] struct {
	values []T
	err    error
}

// readAhead gives a sequence that another goroutine reads, a few batches ahead. The
// goroutine has ended when the sequence has. An error ends it.
func readAhead[T any](seq iter.Seq2[T, error]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		batches, quit := make(chan stretch[T], 2), make(chan struct{})
		go func() {
			defer close(batches)
			var values []T
			send := func(b stretch[T]) bool {
				select {
				case batches <- b:
					return true
				case <-quit:
					return false
				}
			}
			for v, err := range seq {
				if err != nil {
					send(stretch[T]{values, err})
					return
				}
				if values = append(values, v); len(values) == aheadBatch {
					if !send(stretch[T]{values: values}) {
						return
					}
					values = make([]T, 0, aheadBatch)
				}
			}
			send(stretch[T]{values: values})
		}()
		defer func() {
			close(quit)
			for range batches { // until the goroutine has ended
			}
		}()
		for b := range batches {
			for _, v := range b.values {
				if !yield(v, nil) {
					return
				}
			}
			if b.err != nil {
				var none T
				yield(none, b.err)
				return
			}
		}
	}
}
