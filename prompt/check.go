package prompt

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"text/template"
	"text/template/parse"
)

// comparisons are the functions that a template may call. The others of
// text/template can take as much time and memory as they like (printf
// "%999999999d"), and so can range over a number.
var comparisons = []string{"and", "or", "not", "eq", "ne", "lt", "le", "gt", "ge"}

// check sees to it that a template does nothing but put facts in their places, so
// that what it gives is about as long as what it has, and notes which of them are
// not in the bytes.
func (t *Template) check(read *template.Template) error {
	if len(read.Templates()) > 1 {
		return errors.New("it cannot define templates of its own")
	}
	if read.Tree == nil || read.Root == nil {
		return nil
	}
	return t.list(read.Root)
}

func (t *Template) list(l *parse.ListNode) error {
	if l == nil {
		return nil
	}
	for _, n := range l.Nodes {
		if err := t.node(n); err != nil {
			return err
		}
	}
	return nil
}

func (t *Template) node(n parse.Node) error {
	switch n := n.(type) {
	case *parse.TextNode, *parse.CommentNode:
		return nil
	case *parse.ActionNode:
		return t.pipe(n.Pipe)
	case *parse.IfNode:
		if err := t.pipe(n.Pipe); err != nil {
			return err
		}
		return errors.Join(t.list(n.List), t.list(n.ElseList))
	}
	return fmt.Errorf("there is no %s here, only facts, comparisons and {{if}}", n)
}

func (t *Template) pipe(p *parse.PipeNode) error {
	if len(p.Decl) > 0 {
		return errors.New("it cannot have variables")
	}
	for _, c := range p.Cmds {
		for _, arg := range c.Args {
			if err := t.argument(arg); err != nil {
				return err
			}
		}
	}
	return nil
}

func (t *Template) argument(n parse.Node) error {
	switch n := n.(type) {
	case *parse.StringNode, *parse.NumberNode, *parse.BoolNode:
		return nil
	case *parse.PipeNode:
		return t.pipe(n)
	case *parse.IdentifierNode:
		if slices.Contains(comparisons, n.Ident) {
			return nil
		}
		return fmt.Errorf("there is no function %s, only %s", n.Ident, strings.Join(comparisons, ", "))
	case *parse.FieldNode:
		if len(n.Ident) != 1 || !slices.Contains(names, n.Ident[0]) {
			return fmt.Errorf("nothing is known as %s", n)
		}
		t.named = t.named || n.Ident[0] == "Name"
		t.placed = t.placed || n.Ident[0] == "Folder"
		return nil
	}
	return fmt.Errorf("there is no %s, only facts, texts and numbers", n)
}
