package command

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/adrg/xdg"
	"go.yaml.in/yaml/v3"

	"strata/engine/fence"
	"strata/engine/manifest"
	"strata/engine/scheme"
	"strata/tui"
)

// settingsFile is the user's file of settings, within the folder of the user's configuration.
const settingsFile = "strata/config.yaml"

// settingsText is what the file holds: how the screen begins where gallery.yaml does not say.
type settingsText struct {
	Rows     []string `yaml:"rows"`
	Labels   []string `yaml:"labels"`
	Captions string   `yaml:"captions"`
}

// settingsPath returns the path of the user's settings.
func settingsPath() string { return filepath.Join(xdg.ConfigHome, filepath.FromSlash(settingsFile)) }

// readSettings reads a file of settings; none has none. The error names the file.
func readSettings(path string) (tui.Settings, error) {
	b, err := fence.ReadFile(path, fence.Metadata)
	if errors.Is(err, fs.ErrNotExist) {
		return tui.Settings{}, nil
	}
	if err != nil {
		return tui.Settings{}, err
	}
	s, err := parseSettings(b)
	if err != nil {
		return s, fmt.Errorf("%s: %w", path, err)
	}
	return s, nil
}

// unknownKey is how the parser says that a key is not known.
var unknownKey = regexp.MustCompile(`field (\S+) not found in type \S+`)

// parseSettings parses settings. Keys that are not known are errors.
func parseSettings(b []byte) (s tui.Settings, err error) {
	var text settingsText
	d := yaml.NewDecoder(bytes.NewReader(b))
	d.KnownFields(true)
	if err := d.Decode(&text); err != nil && !errors.Is(err, io.EOF) {
		message := err.Error()
		if types := (*yaml.TypeError)(nil); errors.As(err, &types) {
			message = strings.Join(types.Errors, "; ")
		}
		return s, errors.New(unknownKey.ReplaceAllString(strings.TrimPrefix(message, "yaml: "), `key "$1" is not known (rows, labels and captions are)`))
	}
	s.ScreenRecord = manifest.ScreenRecord{Labels: text.Labels, Captions: text.Captions}
	for _, row := range text.Rows {
		parsed, err := scheme.ParseScheme(row)
		if err != nil {
			return s, fmt.Errorf("rows: %w", err)
		}
		s.Rows = append(s.Rows, parsed)
	}
	return s, s.Check()
}
