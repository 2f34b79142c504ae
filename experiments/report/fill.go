package report

import (
	"bytes"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"reflect"
	"slices"
	"strings"
	"text/template/parse"
)

// layouts are the parsed templates of pages, by name.
//
// The parser is that of text/template, but not the executor. The executor looks methods up by name,
// so the linker keeps every exported method of every type, here 6 MB of a binary. Layouts call no
// methods.
type layouts map[string]*parse.Tree

// parseLayouts parses files of templates. A template has the name of its file.
func parseLayouts(files fs.FS, names ...string) (layouts, error) {
	all := map[string]*parse.Tree{}
	for _, name := range names {
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		tree := parse.New(name)
		tree.Mode = parse.SkipFuncCheck
		if _, err := tree.Parse(string(text), "", "", all); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// fill appends a template to page, filled with the fields of view.
//
// A value is escaped for text and for attributes in double quotes. It must not stand in a script, a
// style or an attribute without quotes. A template.HTML is not escaped.
func (l layouts) fill(page *bytes.Buffer, name string, view any) error {
	return l.fillWith(page, name, reflect.ValueOf(view))
}

func (l layouts) fillWith(page *bytes.Buffer, name string, dot reflect.Value) error {
	tree := l[name]
	if tree == nil {
		return fmt.Errorf("no template is named %s", name)
	}
	f := &filling{layouts: l, page: page, variables: []variable{{"$", dot}}}
	return f.list(tree.Root, dot)
}

// filling is the state of filling one template.
type filling struct {
	layouts   layouts
	page      *bytes.Buffer
	variables []variable // the last of a name counts
}

type variable struct {
	name  string
	value reflect.Value
}

// list fills the nodes of a list. Variables declared in it end with it.
func (f *filling) list(list *parse.ListNode, dot reflect.Value) error {
	if list == nil {
		return nil
	}
	outer := len(f.variables)
	defer func() { f.variables = f.variables[:outer] }()
	for _, node := range list.Nodes {
		if err := f.node(node, dot); err != nil {
			return err
		}
	}
	return nil
}

func (f *filling) node(node parse.Node, dot reflect.Value) error {
	switch n := node.(type) {
	case *parse.TextNode:
		_, err := f.page.Write(n.Text)
		return err
	case *parse.ActionNode:
		value, err := f.pipe(n.Pipe, dot)
		if err != nil || len(n.Pipe.Decl) > 0 {
			return err
		}
		return f.print(value)
	case *parse.IfNode:
		return f.branch(&n.BranchNode, dot, false)
	case *parse.WithNode:
		return f.branch(&n.BranchNode, dot, true)
	case *parse.RangeNode:
		return f.each(n, dot)
	case *parse.TemplateNode:
		value, err := f.pipe(n.Pipe, dot)
		if err != nil {
			return err
		}
		return f.layouts.fillWith(f.page, n.Name, value)
	}
	return fmt.Errorf("a template holds %s, which is not filled", node)
}

// branch fills the list of an if or a with, or the list of its else.
func (f *filling) branch(n *parse.BranchNode, dot reflect.Value, with bool) error {
	value, err := f.pipe(n.Pipe, dot)
	if err != nil {
		return err
	}
	if !holds(value) {
		return f.list(n.ElseList, dot)
	}
	if with {
		dot = value
	}
	return f.list(n.List, dot)
}

// each fills the list of a range once for each element of a slice.
func (f *filling) each(n *parse.RangeNode, dot reflect.Value) error {
	outer := len(f.variables)
	defer func() { f.variables = f.variables[:outer] }()
	slice, err := f.value(n.Pipe, dot)
	if err != nil {
		return err
	}
	if slice.Kind() != reflect.Slice {
		return fmt.Errorf("%s is no slice", n.Pipe)
	}
	for i := range slice.Len() {
		element := slice.Index(i)
		f.variables = f.variables[:outer]
		switch d := n.Pipe.Decl; len(d) {
		case 1:
			f.declare(d[0], element)
		case 2:
			f.declare(d[0], reflect.ValueOf(i))
			f.declare(d[1], element)
		}
		if err := f.list(n.List, element); err != nil {
			return err
		}
	}
	return nil
}

func (f *filling) declare(v *parse.VariableNode, value reflect.Value) {
	f.variables = append(f.variables, variable{v.Ident[0], value})
}

// pipe returns the value of a pipe, and assigns it to the pipe's variable.
func (f *filling) pipe(p *parse.PipeNode, dot reflect.Value) (reflect.Value, error) {
	value, err := f.value(p, dot)
	if err == nil && len(p.Decl) == 1 {
		f.declare(p.Decl[0], value)
	}
	return value, err
}

// value returns the value of a pipe of one command.
func (f *filling) value(p *parse.PipeNode, dot reflect.Value) (reflect.Value, error) {
	if p == nil || len(p.Cmds) != 1 {
		return reflect.Value{}, fmt.Errorf("a template's pipe %s has not one command", p)
	}
	args := p.Cmds[0].Args
	if function, ok := args[0].(*parse.IdentifierNode); ok {
		values := make([]reflect.Value, len(args)-1)
		for i, arg := range args[1:] {
			var err error
			if values[i], err = f.operand(arg, dot); err != nil {
				return reflect.Value{}, err
			}
		}
		return call(function.Ident, values)
	}
	if len(args) > 1 {
		return reflect.Value{}, fmt.Errorf("%s is no function", args[0])
	}
	return f.operand(args[0], dot)
}

// operand returns the value of a node.
func (f *filling) operand(node parse.Node, dot reflect.Value) (reflect.Value, error) {
	switch n := node.(type) {
	case *parse.DotNode:
		return dot, nil
	case *parse.FieldNode:
		return fields(dot, n.Ident)
	case *parse.VariableNode:
		for i := len(f.variables) - 1; i >= 0; i-- {
			if v := f.variables[i]; v.name == n.Ident[0] {
				return fields(v.value, n.Ident[1:])
			}
		}
	case *parse.ChainNode:
		value, err := f.operand(n.Node, dot)
		if err != nil {
			return value, err
		}
		return fields(value, n.Field)
	case *parse.PipeNode:
		return f.pipe(n, dot)
	case *parse.StringNode:
		return reflect.ValueOf(n.Text), nil
	case *parse.NumberNode:
		return reflect.ValueOf(int(n.Int64)), nil
	}
	return reflect.Value{}, fmt.Errorf("%s has no value", node)
}

// fields returns a nested field of a struct, by the names along the path.
func fields(value reflect.Value, names []string) (reflect.Value, error) {
	for _, name := range names {
		if value.Kind() == reflect.Pointer {
			value = value.Elem()
		}
		if value.Kind() != reflect.Struct {
			return value, fmt.Errorf("a template asks for the field %s of what is no struct", name)
		}
		if value = value.FieldByName(name); !value.IsValid() {
			return value, fmt.Errorf("a template asks for the field %s, which is not there", name)
		}
	}
	return value, nil
}

// functions are the functions of templates. Each returns false for arguments that it does not
// accept.
var functions = map[string]func(args []reflect.Value) (any, bool){
	"print": func(args []reflect.Value) (any, bool) {
		all := make([]any, len(args))
		for i, a := range args {
			all[i] = a.Interface()
		}
		return fmt.Sprint(all...), true
	},
	"or": func(args []reflect.Value) (any, bool) {
		return slices.ContainsFunc(args, holds), true
	},
	"not": func(args []reflect.Value) (any, bool) {
		return len(args) == 1 && !holds(args[0]), len(args) == 1
	},
	"broken": func(args []reflect.Value) (any, bool) {
		if len(args) != 1 || args[0].Kind() != reflect.String {
			return nil, false
		}
		return broken(args[0].String()), true
	},
	"len": func(args []reflect.Value) (any, bool) {
		if len(args) != 1 || args[0].Kind() != reflect.Slice {
			return nil, false
		}
		return args[0].Len(), true
	},
	"eq": func(args []reflect.Value) (any, bool) {
		if len(args) != 2 || !args[0].CanInt() || !args[1].CanInt() {
			return nil, false
		}
		return args[0].Int() == args[1].Int(), true
	},
	"index": func(args []reflect.Value) (any, bool) {
		if len(args) != 2 || args[0].Kind() != reflect.Slice || !args[1].CanInt() {
			return nil, false
		}
		i := int(args[1].Int())
		if i < 0 || i >= args[0].Len() {
			return nil, false
		}
		return args[0].Index(i).Interface(), true
	},
}

// call returns the result of a function.
func call(name string, args []reflect.Value) (reflect.Value, error) {
	if function := functions[name]; function != nil {
		if value, ok := function(args); ok {
			return reflect.ValueOf(value), nil
		}
	}
	return reflect.Value{}, fmt.Errorf("a template calls %s with %v, which is not possible", name, args)
}

// holds reports whether a value is neither false, 0, empty nor nil.
func holds(value reflect.Value) bool {
	truth, _ := template.IsTrue(value.Interface())
	return truth
}

// print appends a value to the page.
func (f *filling) print(value reflect.Value) error {
	switch v := value.Interface().(type) {
	case template.HTML:
		_, err := f.page.WriteString(string(v))
		return err
	case string, template.URL, int:
		_, err := escapes.WriteString(f.page, fmt.Sprint(v))
		return err
	}
	return errors.New("a template shows a " + value.Type().String())
}

// escapes are the escapes of html/template for texts and attributes.
var escapes = strings.NewReplacer("\x00", "\uFFFD", `"`, "&#34;", "&", "&amp;", "'", "&#39;", "+", "&#43;", "<", "&lt;", ">", "&gt;")
