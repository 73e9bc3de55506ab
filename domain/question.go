package domain

// Question is what one attempt asks: the task as it is put about one picture.
type Question struct {
	// Task has the prompt with what is known of the image in its places, and the
	// model that is asked this time.
	Task
	Picture Picture
	// Examples are shown before the picture, in order.
	Examples []Shown
	// Rejected is the answer to better; nil for none.
	Rejected *Rejected
}

// Shown is an example of a task as the model sees it.
type Shown struct {
	Picture Picture
	// Answer is what the model should have said about it.
	Answer string
}

// Rejected is an answer that does not fit its task's schema.
type Rejected struct {
	// Text is the answer, word for word.
	Text string
	// Why says what is wrong with it.
	Why string
}
