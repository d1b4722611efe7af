#include "kvctl/shell/line_editor.hpp"

#include <histedit.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <clocale>
#include <cstdio>
#include <utility>
#include <vector>

#include "kvctl/console.hpp"

namespace ringkv::kvctl {
namespace {

// Keys that libedit does not bind by itself: what terminals send for Delete, Home, End and the like.
constexpr std::array<std::pair<const char*, const char*>, 9> more_keys = {{{"\\e[3~", "ed-delete-next-char"},
                                                                           {"\\e[H", "ed-move-to-beg"},
                                                                           {"\\e[1~", "ed-move-to-beg"},
                                                                           {"\\e[F", "ed-move-to-end"},
                                                                           {"\\e[4~", "ed-move-to-end"},
                                                                           {"\\e[1;5D", "ed-prev-word"},
                                                                           {"\\e[1;5C", "em-next-word"},
                                                                           {"^R", "em-inc-search-prev"},
                                                                           {"^I", "kvctl-complete"}}};

}  // namespace

class LineEditor::Impl {
  public:
    Impl(std::size_t most_remembered, Offer offer) : offer_(std::move(offer)), history_(::history_init()) {
        std::setlocale(LC_CTYPE, "C.UTF-8");
        editor_ = ::el_init("kvctl", stdin, stderr, stderr);
        HistEvent event{};
        ::history(history_, &event, H_SETSIZE, static_cast<int>(most_remembered));
        ::history(history_, &event, H_SETUNIQUE, 1);
        if (editor_ == nullptr) return;
        ::el_set(editor_, EL_CLIENTDATA, this);
        ::el_set(editor_, EL_PROMPT, show_prompt);
        ::el_set(editor_, EL_EDITOR, "emacs");
        ::el_set(editor_, EL_SIGNAL, 1);  // the terminal is as it was when a signal stops or ends the program
        ::el_set(editor_, EL_HIST, ::history, history_);
        ::el_source(editor_, nullptr);
        ::el_wset(editor_, EL_ADDFN, L"kvctl-complete", L"complete the word", complete);  // el_set's copies leak
        for (const auto& [key, function] : more_keys) ::el_set(editor_, EL_BIND, key, function, nullptr);
    }
    ~Impl() {
        if (editor_ != nullptr) ::el_end(editor_);
        ::history_end(history_);
    }
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;

    Got read(const std::string& prompt, std::string& line) {
        line.clear();
        if (editor_ == nullptr) return Got::end;
        prompt_ = prompt;
        int length = 0;
        const char* typed = ::el_gets(editor_, &length);
        // libedit raises the signal again when the terminal is in order, and comes back.
        if (typed == nullptr && interrupted()) {
            std::fputs("^C\n", stderr);
            return Got::interrupted;
        }
        if (typed == nullptr || length <= 0) return Got::end;
        line.assign(typed, static_cast<std::size_t>(length));
        while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.pop_back();
        return Got::line;
    }

    void remember(const std::string& line) {
        HistEvent event{};
        ::history(history_, &event, H_ENTER, line.c_str());
    }

  private:
    static Impl& of(EditLine* editor) {
        void* self = nullptr;
        ::el_get(editor, EL_CLIENTDATA, &self);
        return *static_cast<Impl*>(self);
    }

    static char* show_prompt(EditLine* editor) { return of(editor).prompt_.data(); }

    static unsigned char complete(EditLine* editor, int /*key*/) {
        const LineInfo* typed = ::el_line(editor);
        const Candidates found =
            of(editor).offer_({typed->buffer, static_cast<std::size_t>(typed->cursor - typed->buffer)});
        if (found.words.empty()) return CC_ERROR;
        std::string rest = common_beginning(found.words).substr(found.typed.size());
        if (found.words.size() == 1) rest += ' ';
        if (!rest.empty()) return ::el_insertstr(editor, rest.c_str()) == 0 ? CC_REFRESH : CC_ERROR;
        show(found.words);
        return CC_REDISPLAY;
    }

    // In columns, below the line.
    static void show(const std::vector<std::string>& words) {
        std::size_t width = 0;
        for (const std::string& word : words) width = std::max(width, word.size() + 2);
        const std::size_t in_a_row = std::max<std::size_t>(columns() / width, 1);
        std::string text = "\n";
        for (std::size_t i = 0; i < words.size(); ++i) {
            const bool last = (i + 1) % in_a_row == 0 || i + 1 == words.size();
            text += words[i] + (last ? "\n" : std::string(width - words[i].size(), ' '));
        }
        std::fputs(text.c_str(), stderr);
    }

    const Offer offer_;
    History* const history_;
    EditLine* editor_ = nullptr;
    std::string prompt_;
};

LineEditor::LineEditor(std::size_t most_remembered, Offer offer)
    : impl_(std::make_unique<Impl>(most_remembered, std::move(offer))) {}

LineEditor::~LineEditor() = default;

LineEditor::Got LineEditor::read(const std::string& prompt, std::string& line) {
    return impl_->read(prompt, line);
}

void LineEditor::remember(const std::string& line) {
    impl_->remember(line);
}

std::size_t LineEditor::columns() {
    winsize size{};
    constexpr unsigned short usual = 80;
    constexpr unsigned short least = 20;
    return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= least ? size.ws_col : usual;
}

}  // namespace ringkv::kvctl
