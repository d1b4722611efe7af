// What the lines of one shell share.
#pragma once

#include "kvctl/arguments.hpp"
#include "kvctl/connections.hpp"

namespace ringkv::kvctl {

struct Session {
    const Arguments& given;  // to the shell itself: its --registry, --timeout and --output hold for each line
    Connections connections;
};

}  // namespace ringkv::kvctl
