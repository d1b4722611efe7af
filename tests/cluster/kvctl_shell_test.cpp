// kvctl shell as a person uses it: on a real pseudo-terminal, with a real cluster; and as a script does.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <pty.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <stdexcept>

#include "tests/cluster/process_cluster.hpp"

namespace ringkv::testing {
namespace {

using ::testing::HasSubstr;

constexpr const char* up = "\033[A";
constexpr const char* ctrl_c = "\003";
constexpr const char* ctrl_d = "\004";
constexpr const char* enter = "\r";

// A program on a terminal of its own: what is typed, and what it shows.
class Terminal {
  public:
    explicit Terminal(std::vector<std::string> command) {
        std::vector<char*> words;
        words.reserve(command.size() + 1);
        for (std::string& word : command) words.push_back(word.data());
        words.push_back(nullptr);
        winsize size{};
        size.ws_row = 40;
        size.ws_col = 100;
        pid_ = ::forkpty(&terminal_, nullptr, nullptr, &size);
        if (pid_ < 0) throw std::runtime_error("no pseudo-terminal can be had");
        if (pid_ == 0) {
            ::prctl(PR_SET_PDEATHSIG, SIGKILL);
            ::execv(words.front(), words.data());
            ::_exit(127);
        }
    }
    ~Terminal() {
        if (!ended_) {
            ::kill(pid_, SIGKILL);
            ::waitpid(pid_, nullptr, 0);
        }
        ::close(terminal_);
    }
    Terminal(const Terminal&) = delete;
    Terminal& operator=(const Terminal&) = delete;

    void type(std::string_view keys) const {
        ASSERT_EQ(::write(terminal_, keys.data(), keys.size()), static_cast<ssize_t>(keys.size()));
    }
    // Waits until the text comes, after all that was waited for before.
    void expect(std::string_view text) {
        const bool came = wait_until(patience, [&] {
            read_what_is_there();
            return shown_.find(text, seen_) != std::string::npos;
        });
        ASSERT_TRUE(came) << "no '" << text << "' in: " << shown_.substr(seen_);
        seen_ = shown_.find(text, seen_) + text.size();
    }
    // What came since then.
    [[nodiscard]] std::string since_then() const { return shown_.substr(seen_); }
    int wait_for_exit() {
        int status = 0;
        ended_ = wait_until(patience, [&] {
            read_what_is_there();
            return ::waitpid(pid_, &status, WNOHANG) == pid_;
        });
        EXPECT_TRUE(ended_) << shown_;
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }

  private:
    void read_what_is_there() {
        pollfd ready{terminal_, POLLIN, 0};
        std::array<char, 4096> part{};
        while (::poll(&ready, 1, 0) > 0) {
            const ssize_t count = ::read(terminal_, part.data(), part.size());
            if (count <= 0) return;  // the program has ended
            shown_.append(part.data(), static_cast<std::size_t>(count));
        }
    }

    int terminal_ = -1;
    pid_t pid_ = -1;
    bool ended_ = false;
    std::string shown_;
    std::size_t seen_ = 0;
};

class KvctlShell : public ::testing::Test {
  protected:
    static void SetUpTestSuite() {
        ClusterOptions options;
        options.nodes = 4;  // one may be drained
        cluster_ = std::make_unique<ProcessCluster>(options);
    }
    static void TearDownTestSuite() { cluster_.reset(); }

    // What it remembers is in a directory of the test's own.
    static std::vector<std::string> command(const std::string& home) {
        return {"/usr/bin/env",
                "HOME=" + (cluster_->directory() / home).string(),
                "XDG_STATE_HOME=",
                "TERM=xterm",
                "NO_COLOR=1",
                KVCTL_PROGRAM,
                "shell",
                "--registry",
                cluster_->registry_endpoint(),
                "--timeout",
                "30s"};
    }
    static std::filesystem::path history(const std::string& home) {
        return cluster_->directory() / home / ".local/state/ringkv/kvctl_history";
    }

    static std::unique_ptr<ProcessCluster> cluster_;
};
std::unique_ptr<ProcessCluster> KvctlShell::cluster_;

TEST_F(KvctlShell, RunsWhatIsTypedAndSaysCodesThatAreNotZero) {
    Terminal shell(command("types"));
    shell.expect("test> ");
    shell.type("put city 'New York'\r");
    shell.expect("stored, version");
    shell.expect("test> ");
    shell.type("get city\r");
    shell.expect("\nNew York\r\n");
    shell.expect("test> ");
    shell.type("get nowhere\r");
    shell.expect("there is no key 'nowhere'");
    shell.expect("exit code 1");
    shell.type("put city 'open\r");
    shell.expect("is not closed");
    shell.expect("test> ");
    shell.type("exit\r");
    EXPECT_EQ(shell.wait_for_exit(), 0);
    EXPECT_THAT(shell.since_then(), ::testing::Not(HasSubstr("exit code")));
}

TEST_F(KvctlShell, TabCompletesCommandsWordsAndOptions) {
    Terminal shell(command("tab"));
    shell.expect("test> ");
    shell.type("m\t");
    shell.expect("mget  mput");  // both are shown, and the line again
    shell.expect("test> m");
    shell.type("g\tnowhere\r");
    shell.expect("(not found)");
    shell.expect("test> ");
    shell.type("vers\t--o\tj\t\r");
    shell.expect("{\"version\":");
    shell.expect("test> ");
    shell.type("sett\tg\trepair_after\r");
    shell.expect("30s");
    shell.type(ctrl_d);
    EXPECT_EQ(shell.wait_for_exit(), 0);
}

TEST_F(KvctlShell, ArrowUpBringsBackWhatThisAndEarlierShellsWereTold) {
    {
        Terminal shell(command("history"));
        shell.expect("test> ");
        shell.type("put remembered yes\r");
        shell.expect("stored");
        shell.expect("test> ");
        shell.type(" put secret 1\r");
        shell.expect("stored");
        shell.expect("test> ");
        shell.type("get remembered\r");
        shell.expect("\nyes\r\n");
        shell.expect("test> ");
        shell.type(std::string(up) + enter);
        shell.expect("\nyes\r\n");
        shell.type(ctrl_d);
        EXPECT_EQ(shell.wait_for_exit(), 0);
    }
    EXPECT_EQ(read_file(history("history")), "put remembered yes\nget remembered\n");
    EXPECT_EQ(std::filesystem::status(history("history")).permissions(), std::filesystem::perms(0600));
    Terminal shell(command("history"));
    shell.expect("test> ");
    shell.type(std::string(up) + up + enter);
    shell.expect("put remembered yes");
    shell.expect("stored, version");
    shell.type(ctrl_d);
    EXPECT_EQ(shell.wait_for_exit(), 0);
}

TEST_F(KvctlShell, CtrlCDropsTheLine) {
    Terminal shell(command("drops"));
    shell.expect("test> ");
    shell.type("put dropped before\r");
    shell.expect("stored");
    shell.expect("test> ");
    shell.type("put dropped after");
    shell.expect("after");
    shell.type(ctrl_c);
    shell.expect("^C");
    shell.expect("test> ");
    shell.type("get dropped\r");
    shell.expect("\nbefore\r\n");
    shell.type(ctrl_d);
    EXPECT_EQ(shell.wait_for_exit(), 0);
}

TEST_F(KvctlShell, CtrlCInterruptsWhatRunsAndTheShellGoesOn) {
    Terminal shell(command("interrupts"));
    shell.expect("test> ");
    for (int i = 0; i < 2; ++i) {
        shell.type("events --follow\r");
        shell.expect("cluster_formed");
        shell.type(ctrl_c);
        shell.expect("test> ");
    }
    shell.type("bench put --seconds 600\r");
    shell.expect("ops/s");  // the line that shows how it goes
    shell.type(ctrl_c);
    shell.expect("operations in");
    shell.expect("exit code 130");
    shell.expect("test> ");
    shell.type("put after interrupts\r");
    shell.expect("stored");
    shell.type("get after\r");
    shell.expect("\ninterrupts\r\n");
    shell.type(ctrl_d);
    EXPECT_EQ(shell.wait_for_exit(), 0);
}

TEST_F(KvctlShell, QuestionsAreAnsweredOnTheTerminal) {
    Terminal shell(command("asks"));
    shell.expect("test> ");
    shell.type("node drain n4\r");
    shell.expect("go on? [y/N] ");
    shell.type("n\r");
    shell.expect("nothing was changed");
    shell.expect("test> ");
    shell.type("node drain n4\r");
    shell.expect("go on? [y/N] ");
    shell.type(ctrl_c);
    shell.expect("nothing was changed");
    shell.expect("test> ");
    shell.type("put question -\r");
    shell.expect("no command reads standard input");
    shell.type(ctrl_d);
    EXPECT_EQ(shell.wait_for_exit(), 0);
}

TEST_F(KvctlShell, ConnectsAgainWhereTheRegistryComesBack) {
    Terminal shell(command("returns"));
    shell.expect("test> ");
    cluster_->kill_registry();
    shell.type("put away 1\r");
    shell.expect("stored");  // the nodes do not need it
    cluster_->start_registry();
    shell.type("status\r");
    shell.expect("health ok");
    shell.type(ctrl_d);
    EXPECT_EQ(shell.wait_for_exit(), 0);
}

TEST_F(KvctlShell, AScriptIsReadFromAPipe) {
    const Finished done = run(KVCTL_PROGRAM, {"shell", "--registry", cluster_->registry_endpoint(), "--timeout", "30s"},
                              cluster_->directory() / "script",
                              "# no prompt, no history\nput piped '1 2'\nget piped\nget missing\nget piped -o json\n");
    EXPECT_EQ(done.code, 1);
    EXPECT_THAT(done.output, HasSubstr("\n1 2\n{\"key\":\"piped\",\"value\":\"1 2\""));
    EXPECT_THAT(done.errors, HasSubstr("line 4: exit code 1"));
    EXPECT_THAT(done.output + done.errors, ::testing::Not(HasSubstr("> ")));
}

}  // namespace
}  // namespace ringkv::testing
