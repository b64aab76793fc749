// The console's entry point: all that the first view loads. What is fetched later imports this file, so that the bundler puts
// the code of the first view into one file. Without that import it would make a file for each set of screens that share code.

import "./main";
// Shared by some of what is fetched later, and too small for a file of its own.
import "../leads/export";
import "../ui/drop";
