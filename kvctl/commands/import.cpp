// import: lines in, writes out, a bounded number of them under way.
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "kvctl/commands/commands.hpp"
#include "kvctl/progress.hpp"
#include "kvctl/text.hpp"
#include "kvctl/writes.hpp"

namespace ringkv::kvctl {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t longest_line = std::size_t{32} << 20U;
class Importer {
  public:
    Importer(const Context& context, Client& client, Input& input)
        : context_(context),
          client_(client),
          lines_(input, longest_line),
          progress_(context.console, "imported", input.size()),
          writes_(std::make_shared<Writes>()) {}

    ExitCode run() {
        const InterruptWatch watch;
        const Result<void> read = read_all_lines();
        while (!writes_->all_done(100ms)) show();
        show();
        progress_.clear();
        if (!read) worst_ = worse(worst_, report(context_, read.error()));
        summarise();
        if (interrupted()) return ExitCode::interrupted;
        return bad_ > 0 ? ExitCode::failed : worst_;
    }

  private:
    Result<void> read_all_lines() {
        std::string line;
        while (!interrupted()) {
            const auto got = lines_.next(line, 100ms);
            if (!got) return got.error();
            switch (*got) {
                case LineReader::Got::end: return {};
                case LineReader::Got::line: take(line); break;
                case LineReader::Got::too_long: name_bad(fmt::format("longer than {} bytes", longest_line)); break;
                case LineReader::Got::nothing_yet: break;
            }
            show();
        }
        return {};
    }

    void take(const std::string& line) {
        if (line.find_first_not_of(" \t\r") == std::string::npos) return;
        auto record = parse_record(line);
        if (!record) return name_bad(record.error().message());
        const std::uint64_t bytes = record->key.size() + record->value.size();
        while (!writes_->room_for(bytes, 100ms)) show();
        writes_->put(client_, lines_.number(), record->key, record->value);
    }

    void name_bad(std::string_view why) {
        ++bad_;
        progress_.say(fmt::format("kvctl import: line {}: {}", lines_.number(), why));
    }

    void show() {
        for (const FailedWrite& failure : writes_->take_failures()) {
            ++failed_;
            if (failure.error.maybe_applied()) ++unknown_;
            worst_ = worse(worst_, exit_code(failure.error));
            progress_.say(fmt::format("kvctl import: line {}: {}: {}: {}", failure.line, named(failure.key),
                                      to_string(failure.error.code()), failure.error.message()));
        }
        progress_.update(writes_->stored(), lines_.bytes_read());
    }

    void summarise() const {
        const std::uint64_t stored = writes_->stored();
        const double seconds = progress_.seconds();
        std::string text = fmt::format("imported {} keys in {:.1f} s ({} keys/s)", grouped(stored), seconds,
                                       rate(static_cast<double>(stored) / std::max(seconds, 1e-3)));
        if (bad_ > 0) text += fmt::format("; {} bad lines", grouped(bad_));
        if (failed_ > 0) text += fmt::format("; {} refused or failed", grouped(failed_));
        if (unknown_ > 0) text += fmt::format(", {} of them with outcome unknown", grouped(unknown_));
        if (interrupted()) text += fmt::format("; interrupted after line {}", lines_.number());
        context_.console.say(text);
        if (!context_.json) return;
        print_json(context_, {{"stored", stored},
                              {"bad", bad_},
                              {"failed", failed_},
                              {"outcome_unknown", unknown_},
                              {"seconds", seconds}});
    }

    const Context& context_;
    Client& client_;
    LineReader lines_;
    Progress progress_;
    std::shared_ptr<Writes> writes_;
    ExitCode worst_ = ExitCode::ok;
    std::uint64_t bad_ = 0;
    std::uint64_t failed_ = 0;
    std::uint64_t unknown_ = 0;
};

}  // namespace

ExitCode run_import(Context& context) {
    const std::string& path = context.arguments.words.front();
    std::unique_ptr<Input> file;
    if (path != "-") {
        auto opened = open_file(path);
        if (!opened) return report(context, opened.error());
        file = std::move(*opened);
    }
    auto client = connect(context);
    if (!client) return report_unconnected(context, client.error());
    return Importer(context, *client, file ? *file : context.console.in).run();
}

}  // namespace ringkv::kvctl
