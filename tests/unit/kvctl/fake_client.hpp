// A ringkv::Client with a map in memory behind it, so that whole kvctl commands can be tested without a cluster.
// It takes the library's place when the test program is linked.
//
// Keys "unavailable..." and "unknown..." fail with that error; a key of more than 4 KiB, or empty, is refused at
// once, on the calling thread; other answers of async calls come from a thread of its own. The registry
// tcp://127.0.0.1:1 is not there. A get of "slow-N" is told to have taken N ms.
#pragma once

#include <ringkv/client.hpp>

#include <map>
#include <string>

namespace ringkv::fake {

struct Stored {
    std::string value;
    Version version = 0;
};

// All Clients share it. Touch it only while no call is under way.
std::map<std::string, Stored>& store();

// Of the last Client that was connected.
Options& last_options();
// Of the last call that had some.
WriteOptions& last_write_options();
ReadOptions& last_read_options();
// Of what stale reads find.
constexpr std::chrono::milliseconds age{42};

// Defects. Reads of that key bring a byte more than was stored; no scan brings that key. Empty: none.
std::string& spoiled_key();
std::string& unscanned_key();

// How many Clients were connected.
int& connected();

// What status() and locate() say.
ClusterStatus& cluster_status();

}  // namespace ringkv::fake
