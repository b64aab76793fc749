// The console's entry point: all code of the first view. Every lazily loaded module imports this file, so that the bundler puts
// the code of the first view into one chunk. Otherwise the bundler creates a chunk for each set of screens that share code.

import "./main";
// These modules are imported here only to put them into the first chunk: several lazily loaded screens share them, and
// they are too small for chunks of their own.
import "../leads/export";
import "../ui/drop";
