// import: lines in, writes out, a bounded number of them under way.
#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "kvctl/commands/commands.hpp"
#include "kvctl/progress.hpp"
#include "kvctl/text.hpp"

namespace ringkv::kvctl {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t longest_line = std::size_t{32} << 20U;
constexpr std::uint64_t most_keys_under_way = 2048;
constexpr std::uint64_t most_bytes_under_way = std::uint64_t{32} << 20U;

struct Failure {
    std::uint64_t line;
    std::string key;
    Error error;
};

// What is under way and how it ended. Thread-safe: lines are added on the reading thread, results come on the
// client's.
class Writes {
  public:
    // Waits, at most `patience`, until there is room for a write of so many bytes; false if there is none yet.
    bool room_for(std::uint64_t bytes, std::chrono::milliseconds patience) {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, patience, [&] {
            return keys_ == 0 || (keys_ < most_keys_under_way && bytes_ + bytes <= most_bytes_under_way);
        });
    }
    // False while something is still under way after `patience`.
    bool all_done(std::chrono::milliseconds patience) {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, patience, [&] { return keys_ == 0; });
    }
    void begin(std::uint64_t bytes) {
        const std::lock_guard lock(mutex_);
        ++keys_;
        bytes_ += bytes;
    }
    void end(std::uint64_t bytes, std::optional<Failure> failure) {
        const std::lock_guard lock(mutex_);
        --keys_;
        bytes_ -= bytes;
        if (failure) {
            failures_.push_back(std::move(*failure));
        } else {
            ++stored_;
        }
        changed_.notify_one();
    }
    std::uint64_t stored() {
        const std::lock_guard lock(mutex_);
        return stored_;
    }
    std::vector<Failure> take_failures() {
        const std::lock_guard lock(mutex_);
        return std::exchange(failures_, {});
    }

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::uint64_t keys_ = 0;
    std::uint64_t bytes_ = 0;
    std::uint64_t stored_ = 0;
    std::vector<Failure> failures_;
};

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
        writes_->begin(bytes);
        client_.async_put(
            record->key, record->value,
            [writes = writes_, bytes, number = lines_.number(), key = record->key](const Result<Version>& done) {
                if (done) return writes->end(bytes, std::nullopt);
                writes->end(bytes, Failure{number, key, done.error()});
            });
    }

    void name_bad(std::string_view why) {
        ++bad_;
        progress_.say(fmt::format("kvctl import: line {}: {}", lines_.number(), why));
    }

    void show() {
        for (const Failure& failure : writes_->take_failures()) {
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
    std::shared_ptr<Writes> writes_;  // the callbacks' too: they may come when this has gone
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
