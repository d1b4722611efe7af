// kvctl shell as a script sees it: whole runs, against the client of fake_client.hpp.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "tests/temporary_directory.hpp"
#include "tests/unit/kvctl/fake_admin.hpp"
#include "tests/unit/kvctl/fake_client.hpp"
#include "tests/unit/kvctl/kvctl_program.hpp"

namespace ringkv::kvctl {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class Shell : public testing::Test {
  protected:
    Shell() : connected_before_(fake::connected()) {
        fake::store().clear();
        fake::cluster_status() = {};
        fake::administration() = {};
    }
    // How many clients the lines had.
    [[nodiscard]] int clients() const { return fake::connected() - connected_before_; }
    static std::string stored(const std::string& key) {
        const auto found = fake::store().find(key);
        return found == fake::store().end() ? "(nothing)" : found->second.value;
    }

  private:
    const int connected_before_;
};

TEST_F(Shell, RunsEachLineOfAScript) {
    const Ran ran = kvctl({"shell"},
                          "# a comment, and a blank line\n\n"
                          "put city 'New York'\r\n"
                          "get city  # where\n"
                          "mget city gone\n"
                          "put last x");
    EXPECT_EQ(stored("city"), "New York");
    EXPECT_EQ(stored("last"), "x");
    EXPECT_THAT(ran.out, HasSubstr("\nNew York\ncity\tNew York\n")) << "a value ends with its line";
    EXPECT_EQ(ran.code, 1);
    EXPECT_THAT(ran.err, HasSubstr("kvctl shell: line 5: exit code 1"));
    EXPECT_THAT(ran.err, Not(HasSubstr("line 3:")));
}

TEST_F(Shell, ALineThatFailsStopsNothingAndTheWorstCodeIsTheShells) {
    const Ran ran = kvctl({"shell"},
                          "get gone\n"
                          "put unavailable v\n"
                          "nonsense\n"
                          "put k 'open\n"
                          "put k v\n"
                          "del gone\n");
    EXPECT_EQ(ran.code, 4);
    EXPECT_EQ(stored("k"), "v");
    EXPECT_THAT(ran.err, HasSubstr("there is no command 'nonsense'"));
    EXPECT_THAT(ran.err, HasSubstr("the quote ' at column 7 is not closed"));
    EXPECT_THAT(ran.err, HasSubstr("kvctl shell: line 4: exit code 2"));
    EXPECT_EQ(kvctl({"shell"}, "put k v\nget k\n").code, 0);
    EXPECT_EQ(kvctl({"shell"}, "").code, 0);
}

TEST_F(Shell, ManyLinesShareOneClient) {
    std::string script;
    for (int i = 0; i < 50; ++i) script += "put k v\nget k\nmget k\nscan\nstatus\n";
    EXPECT_EQ(kvctl({"shell"}, script).code, 0);
    EXPECT_EQ(clients(), 1);
}

TEST_F(Shell, ALineWithOtherOptionsHasAClientOfItsOwn) {
    EXPECT_EQ(kvctl({"shell", "--timeout", "2s"},
                    "put k v\n"
                    "get k --timeout 9s\n")
                  .code,
              0);
    EXPECT_EQ(clients(), 2);
    EXPECT_EQ(fake::last_options().deadline, std::chrono::seconds(9));
    EXPECT_EQ(kvctl({"shell"}, "get k --read stale --rack rack-b\nget k\nget k\n").code, 0);
    EXPECT_EQ(clients(), 4);
    EXPECT_EQ(fake::last_options().rack, "");
}

TEST_F(Shell, AfterAFailureTheNextLineConnectsAnew) {
    EXPECT_EQ(kvctl({"shell"}, "get k\nsettings get nonsense\nput k v\n").code, 2);
    EXPECT_EQ(clients(), 1);
    const test::TemporaryDirectory directory;
    std::ofstream(directory.path() / "lines") << "nonsense\n";
    EXPECT_EQ(kvctl({"shell"}, "get k\nimport " + directory.string() + "/lines\nput k v\n").code, 7);
    EXPECT_EQ(clients(), 3);
}

TEST_F(Shell, WhatIsGivenToTheShellHoldsForEachLine) {
    const Ran ran = kvctl({"-o", "json", "shell", "--registry", "tcp://a:1", "--timeout", "3s"},
                          "put k v\n"
                          "get k -o table\n"
                          "version\n");
    EXPECT_EQ(ran.code, 0) << ran.err;
    EXPECT_THAT(ran.out, HasSubstr("{\"version\":"));
    EXPECT_THAT(ran.out, HasSubstr("\nv\n{\"version\":\"1.2.3\""));
    EXPECT_THAT(fake::last_options().registries, ElementsAre("tcp://a:1"));
    EXPECT_EQ(fake::last_options().deadline, std::chrono::seconds(3));
    EXPECT_EQ(kvctl({"shell", "--registry", "tcp://127.0.0.1:1"}, "get k\nget k --registry tcp://b:2\n").code, 4);
    EXPECT_THAT(fake::last_options().registries, ElementsAre("tcp://b:2"));
}

TEST_F(Shell, ExitAndQuitEndIt) {
    EXPECT_EQ(kvctl({"shell"}, "exit\nput k v\n").code, 0);
    EXPECT_EQ(kvctl({"shell"}, "get gone\nquit\nput k v\n").code, 1);
    EXPECT_EQ(stored("k"), "(nothing)");
    const Ran ran = kvctl({"shell"}, "exit 3\nput k v\n");
    EXPECT_EQ(ran.code, 2);
    EXPECT_THAT(ran.err, HasSubstr("exit takes no words"));
    EXPECT_EQ(stored("k"), "v");
}

TEST_F(Shell, HelpIsThatOfKvctl) {
    EXPECT_EQ(kvctl({"shell"}, "help put\n").out, kvctl({"help", "put"}).out);
    EXPECT_EQ(kvctl({"shell"}, "put --help\n").out, kvctl({"help", "put"}).out);
    EXPECT_THAT(kvctl({"shell"}, "help\n").out, HasSubstr(kvctl({"--help"}).out));
    EXPECT_THAT(kvctl({"shell"}, "help\n").out, HasSubstr("Ctrl-D"));
}

TEST_F(Shell, ALineMayBeginWithKvctl) {
    EXPECT_EQ(kvctl({"shell"}, "kvctl put k v\nkvctl\n").code, 0);
    EXPECT_EQ(stored("k"), "v");
}

TEST_F(Shell, WhatReadsStandardInputIsRefusedAndTakesNoLines) {
    const Ran ran = kvctl({"shell"},
                          "put k -\n"
                          "mput\n"
                          "import -\n"
                          "put after v\n");
    EXPECT_EQ(ran.code, 2);
    EXPECT_THAT(ran.err, HasSubstr("kvctl put: in the shell no command reads standard input"));
    EXPECT_THAT(ran.err, HasSubstr("kvctl mput: in the shell no command reads standard input"));
    EXPECT_THAT(ran.err, HasSubstr("kvctl import: in the shell no command reads standard input"));
    EXPECT_EQ(stored("k"), "(nothing)");
    EXPECT_EQ(stored("after"), "v");
}

TEST_F(Shell, AQuestionNeedsATerminal) {
    NodeMoves moves;
    moves.name = "n4";
    moves.state = "up";
    fake::administration().moves["n4"] = {moves};
    const Ran ran = kvctl({"shell"}, "node drain n4\ny\n");
    EXPECT_EQ(ran.code, 2);
    EXPECT_THAT(ran.err, HasSubstr("it needs --yes"));
    EXPECT_THAT(fake::administration().changes, IsEmpty());
}

TEST_F(Shell, AShellInTheShellIsRefused) {
    const Ran ran = kvctl({"shell"}, "shell\nput k v\n");
    EXPECT_EQ(ran.code, 2);
    EXPECT_THAT(ran.err, HasSubstr("this is the shell already"));
    EXPECT_EQ(stored("k"), "v");
}

TEST_F(Shell, ALineThatIsTooLongIsNamed) {
    const Ran ran = kvctl({"shell"}, "put k " + std::string(std::size_t{5} << 20U, 'x') + "\nput k v\n");
    EXPECT_EQ(ran.code, 2);
    EXPECT_THAT(ran.err, HasSubstr("longer than"));
    EXPECT_THAT(ran.err, HasSubstr("line 1: exit code 2"));
    EXPECT_EQ(stored("k"), "v");
}

TEST_F(Shell, AnInterruptedLineEndsAScript) {
    NodeMoves moves;
    moves.name = "n4";
    moves.state = "up";
    moves.duty = "draining";
    moves.gives = {1};
    fake::administration().moves["n4"] = {moves};  // for ever
    std::atomic<bool> ended{false};
    std::thread ctrl_c([&] {
        while (!ended) {
            (void)note_interrupt();
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
    });
    const Ran ran = kvctl({"shell"}, "node drain n4 --yes\nput k v\n");
    ended = true;
    ctrl_c.join();
    EXPECT_EQ(ran.code, 130);
    EXPECT_EQ(stored("k"), "(nothing)");
}

TEST(Interrupts, InAShelterNeverEndTheProgram) {
    EXPECT_FALSE(note_interrupt()) << "it would end the program";
    {
        const InterruptShelter shelter;
        EXPECT_TRUE(note_interrupt());
        EXPECT_TRUE(note_interrupt());
        EXPECT_TRUE(interrupted());
        {
            const InterruptWatch watch;
            EXPECT_TRUE(interrupted()) << "it came before the command looked";
            InterruptShelter::forget();
            EXPECT_FALSE(interrupted());
            EXPECT_TRUE(note_interrupt());
        }
        EXPECT_TRUE(interrupted());
        EXPECT_TRUE(note_interrupt()) << "the shell goes on after its command";
    }
    EXPECT_FALSE(interrupted());
    EXPECT_FALSE(note_interrupt());
    const InterruptWatch watch;
    EXPECT_TRUE(note_interrupt());
    EXPECT_FALSE(note_interrupt()) << "the second ends a program that is no shell";
}

}  // namespace
}  // namespace ringkv::kvctl
