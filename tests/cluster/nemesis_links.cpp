#include "tests/cluster/nemesis_links.hpp"

#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <sys/fsuid.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <utility>

namespace ringkv::testing {

namespace {

constexpr unsigned first_user = 70000;
const std::string setpriv = "/usr/bin/setpriv";

std::filesystem::path find_nft() {
    for (const char* place : {"/usr/sbin/nft", "/sbin/nft", "/usr/bin/nft"})
        if (::access(place, X_OK) == 0) return place;
    return {};
}

unsigned user_of(const std::string& party) {
    if (party == clients_party) return first_user + 1000;
    if (party == other_clients_party) return first_user + 1001;
    return party == registry_party ? 0 : first_user + static_cast<unsigned>(std::stoul(party.substr(1)));
}

// Of the files and sockets that this thread makes, and those that it starts; per thread, as all is in Linux.
void set_user(unsigned user) {
    ::setfsuid(user);
    if (static_cast<unsigned>(::setfsuid(static_cast<uid_t>(-1))) != user)
        throw std::runtime_error("cannot act as user " + std::to_string(user));
}

unsigned port_of(const std::string& endpoint) {
    return static_cast<unsigned>(std::stoul(endpoint.substr(endpoint.rfind(':') + 1)));
}

bool bring_loopback_up() {
    const int socket = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    ifreq request{};
    std::strncpy(request.ifr_name, "lo", IFNAMSIZ - 1);
    bool up = ::ioctl(socket, SIOCGIFFLAGS, &request) == 0;
    request.ifr_flags = static_cast<short>(request.ifr_flags | IFF_UP);
    up = up && ::ioctl(socket, SIOCSIFFLAGS, &request) == 0;
    ::close(socket);
    return up;
}

// Everything that the real rules use, so that a kernel without it is found out at once.
constexpr const char* probe = R"(
table inet ringkv_probe {
    set cut { typeof ct mark . tcp dport; }
    chain out {
        type filter hook output priority 0;
        meta skuid 70001 tcp dport 1 ct mark set 1
        ct mark . tcp dport @cut reject with tcp reset
    }
}
delete table inet ringkv_probe
)";

// -> what it complained of.
std::string try_out(const std::filesystem::path& nft) {
    std::string scratch = (std::filesystem::temp_directory_path() / "ringkv-nft-XXXXXX").string();
    if (::mkdtemp(scratch.data()) == nullptr) return "no room for its output in " + scratch;
    const Finished tried = run(nft, {"-f", "-"}, std::filesystem::path(scratch) / "nft", probe);
    std::filesystem::remove_all(scratch);
    return tried.code == 0 ? "" : tried.errors + "(exit code " + std::to_string(tried.code) + ")";
}

}  // namespace

std::string Links::enter_own_network() {
    if (::geteuid() != 0) return "this needs root";
    const std::filesystem::path nft = find_nft();
    if (nft.empty()) return "nft is not installed (Debian's package nftables)";
    if (::access(setpriv.c_str(), X_OK) != 0) return setpriv + " is missing (Debian's package util-linux)";
    const int home = ::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
    if (::unshare(CLONE_NEWNET) != 0) {
        ::close(home);
        return std::string("no network namespace of our own: ") + std::strerror(errno);
    }
    std::string obstacle;
    if (!bring_loopback_up()) {
        obstacle = "the loopback of a new network namespace cannot be brought up";
    } else if (const std::string error = try_out(nft); !error.empty()) {
        obstacle = "nft does not work here: " + error;
    }
    // After a cut, conntrack would no longer know packets outside of the window that it saw, nor their mark.
    std::ofstream("/proc/sys/net/netfilter/nf_conntrack_tcp_be_liberal") << "1\n";
    if (!obstacle.empty()) ::setns(home, CLONE_NEWNET);
    ::close(home);
    return obstacle;
}

// It still reads its configuration, wherever that is.
std::vector<std::string> Links::launcher(const std::string& party) {
    const std::string user = std::to_string(user_of(party));
    return {setpriv,
            "--reuid=" + user,
            "--regid=" + user,
            "--clear-groups",
            "--inh-caps=+dac_read_search",
            "--ambient-caps=+dac_read_search",
            "--pdeathsig=KILL"};
}

void Links::act_for_clients() {
    set_user(user_of(clients_party));
}

void Links::act_for_nobody() {
    set_user(0);
}

Links::Links(const ProcessCluster& cluster, const std::vector<std::string>& nodes) : scratch_(cluster.directory()) {
    const unsigned control = port_of(cluster.registry_endpoint());
    add(registry_party, {control, control + 1});
    add(clients_party, {});
    add(other_clients_party, {});
    for (const std::string& node : nodes) add(node, {port_of(cluster.node_endpoint(node))});
    std::ostringstream script;
    script << "table inet ringkv {\n";
    for (const char* manner : {"drop", "reset"})
        script << "set " << manner << "_out { typeof ct mark . tcp dport; }\n"
               << "set " << manner << "_back { typeof ct mark . tcp sport; }\n";
    script << "chain out {\ntype filter hook output priority 0;\n";
    // The registry opens no connection.
    for (const std::string& opener : names_)
        for (const std::string& target : names_)
            for (const unsigned port : parties_[place(target)].ports)
                if (opener != target && opener != registry_party)
                    script << "meta skuid " << parties_[place(opener)].user << " tcp dport " << port << " ct mark set "
                           << mark(opener, target) << '\n';
    script << "ct mark . tcp dport @drop_out drop\n"
           << "ct mark . tcp sport @drop_back drop\n"
           << "ct mark . tcp dport @reset_out reject with tcp reset\n"
           << "ct mark . tcp sport @reset_back reject with tcp reset\n"
           << "}\n}\n";
    nft(script.str());
}

void Links::add(const std::string& party, std::vector<unsigned> ports) {
    names_.push_back(party);
    parties_.push_back({user_of(party), std::move(ports)});
}

std::size_t Links::place(const std::string& party) const {
    return static_cast<std::size_t>(std::find(names_.begin(), names_.end(), party) - names_.begin());
}

// Of the connections that one opened to the other.
unsigned Links::mark(const std::string& opener, const std::string& target) const {
    return static_cast<unsigned>(place(opener) * 256 + place(target) + 1);
}

void Links::nft(const std::string& script) const {
    const Finished done = run(find_nft(), {"-f", "-"}, scratch_ / "nft", script);
    if (done.code != 0) throw std::runtime_error("nft: " + done.errors + script);
}

void Links::cut(const std::string& from, const std::string& to, Manner manner) {
    const std::string set = manner == Manner::drop ? "drop" : "reset";
    std::string script;
    for (const unsigned port : parties_[place(to)].ports)
        script += "add element inet ringkv " + set + "_out { " + std::to_string(mark(from, to)) + " . " +
                  std::to_string(port) + " }\n";
    for (const unsigned port : parties_[place(from)].ports)
        script += "add element inet ringkv " + set + "_back { " + std::to_string(mark(to, from)) + " . " +
                  std::to_string(port) + " }\n";
    nft(script);
}

void Links::heal_all() {
    nft("flush set inet ringkv drop_out\nflush set inet ringkv drop_back\n"
        "flush set inet ringkv reset_out\nflush set inet ringkv reset_back\n");
}

}  // namespace ringkv::testing
