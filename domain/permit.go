package domain

// Permit allows one request to leave: the account's limits have room for it.
type Permit struct {
	// Account is the number of the API key among those of the client.
	Account int
	// Key is its fingerprint; "" for asking without a key.
	Key string
	// Tokens is how many the request was expected to take.
	Tokens int
}

// Picture is what a model is shown.
type Picture struct {
	// JPEG is baseline, in sRGB as far as the source is, without metadata.
	JPEG []byte
	// URL is where the model's server finds the picture, when it is not sent.
	URL string
	// Width and Height are in pixels; 0 when unknown.
	Width, Height int
}
