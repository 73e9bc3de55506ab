package scale_test

import (
	"fmt"
	"image"

	"vlocal/internal/testimage"
	"vlocal/preprocess/jpeg"
	"vlocal/preprocess/scale"
)

// A photo is decoded at the scale that is nearest, made smaller on its planes,
// and written again.
func Example() {
	photo := testimage.JPEG(testimage.StillLife(1000, 750), 92)
	whole, report, err := jpeg.Decode(photo, jpeg.Options{MinWidth: 400, MinHeight: 300, Tolerant: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("decoded", whole.Width, "x", whole.Height, report.Warnings)
	small := scale.YCbCr(whole.Image().(*image.YCbCr), 400, 300, 1)
	whole.Release()
	data, err := jpeg.Encode(nil, small, 85)
	if err != nil {
		fmt.Println(err)
		return
	}
	h, err := jpeg.ReadHeader(data)
	fmt.Println("written", h.Width, "x", h.Height, err)
	// Output:
	// decoded 500 x 375 []
	// written 400 x 300 <nil>
}
