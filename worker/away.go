package worker

import (
	"fmt"

	"vlocal/domain"
)

// awayEnough is how many images in a row whose folders cannot be reached say that it
// is a drive that is gone, and not one folder: going on would put as many attempts on
// record as there are images.
const awayEnough = 8

// away takes word of an image whose folder cannot be reached. Its job is left to
// another run, and the run stops when that goes on.
func (r *run) away(e *domain.Error) {
	switch n := r.unreached.Add(1); {
	case n == 1:
		r.decided(domain.AboutRetries, fmt.Sprintf("%s: it is left to another run", e))
	case n == awayEnough:
		r.stop(e)
	}
}
