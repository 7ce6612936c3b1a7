#include "agent/cli.h"

int main(int argc, char** argv) {
  return plimsoll::agent::main_cli(argc, argv);
}
