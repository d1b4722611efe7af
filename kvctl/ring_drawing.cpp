#include "kvctl/ring_drawing.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>
#include <string_view>
#include <utility>

#include "kvctl/state_words.hpp"
#include "kvctl/text.hpp"

namespace ringkv::kvctl {
namespace {

constexpr int outer = 8;  // radius, in lines; a line is about as high as two letters are wide
constexpr int inner = 6;
constexpr int rows = 2 * outer + 1;
constexpr int columns = 4 * outer + 1;
constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

struct Glyph {
    char letter = ' ';
    Colour colour = Colour::none;
};

struct Place {
    int row = 0;
    int column = 0;
    friend bool operator==(const Place&, const Place&) = default;
};

// The places of a circle, from the top on, clockwise.
std::vector<Place> circle(int radius) {
    std::vector<Place> places;
    constexpr int steps = 2000;
    for (int step = 0; step < steps; ++step) {
        const double angle = 2 * std::numbers::pi * step / steps;
        const Place place{static_cast<int>(std::lround(outer - radius * std::cos(angle))),
                          static_cast<int>(std::lround(2 * outer + 2 * radius * std::sin(angle)))};
        if (places.empty() || (place != places.back() && place != places.front())) places.push_back(place);
    }
    return places;
}

// Rack by rack, and those without a copy too.
std::vector<const NodeStatus*> in_order(const ClusterStatus& status) {
    std::vector<const NodeStatus*> nodes;
    for (const NodeStatus& node : status.nodes) nodes.push_back(&node);
    std::ranges::sort(nodes, {}, [](const NodeStatus* node) { return std::tie(node->rack, node->name); });
    return nodes;
}

class Drawing {
  public:
    Drawing(const Console& console, const ClusterStatus& status, const PartitionStatus* of)
        : console_(console), status_(status), of_(of), nodes_(in_order(status)), cells_(rows) {
        for (std::vector<Glyph>& line : cells_) line.resize(columns);
    }

    std::vector<std::string> lines() {
        draw_nodes();
        draw_partitions();
        write_middle();
        const std::vector<std::string> beside = legend();
        std::vector<std::string> lines;
        for (std::size_t i = 0; i < std::max(cells_.size(), beside.size()); ++i) {
            std::string line = i < cells_.size() ? painted(cells_[i]) : std::string(columns, ' ');
            if (i < beside.size()) line += "   " + beside[i];
            lines.push_back(std::move(line));
        }
        return lines;
    }

  private:
    [[nodiscard]] static char letter_of(std::size_t node) { return node < letters.size() ? letters[node] : '*'; }

    void set(Place place, Glyph glyph) {
        cells_[static_cast<std::size_t>(place.row)][static_cast<std::size_t>(place.column)] = glyph;
    }

    // An empty place between two racks.
    void draw_nodes() {
        const std::vector<Place> places = circle(outer);
        std::uint64_t copies = 0;
        for (const NodeStatus* node : nodes_) copies += node->copies;
        if (copies == 0) return;
        std::uint64_t before = 0;
        for (std::size_t i = 0; i < nodes_.size(); ++i) {
            const std::size_t begin = before * places.size() / copies;
            before += nodes_[i]->copies;
            std::size_t end = before * places.size() / copies;
            const bool last_of_rack = i + 1 == nodes_.size() || nodes_[i + 1]->rack != nodes_[i]->rack;
            if (last_of_rack && end - begin > 1) --end;
            for (std::size_t at = begin; at < end; ++at) set(places[at], {letter_of(i), colour_of(*nodes_[i])});
            if (const char copy = copy_on(nodes_[i]->name); copy != ' ' && begin < end)
                set(places[(begin + end) / 2], {copy, Colour::bold});
        }
    }

    // '1': the marked partition's primary is on that node; ' ': no copy is.
    [[nodiscard]] char copy_on(std::string_view node) const {
        if (of_ == nullptr) return ' ';
        for (std::size_t i = 0; i < of_->members.size() && i < 9; ++i)
            if (of_->members[i].name == node) return static_cast<char>('1' + i);
        return ' ';
    }

    static Glyph glyph_of(const PartitionStatus& partition) {
        if (!partition.available) return {'x', Colour::red};
        return partition.full ? Glyph{'.', Colour::green} : Glyph{'u', Colour::yellow};
    }

    // A place stands for several partitions, or several places for one.
    void draw_partitions() {
        const std::vector<Place> places = circle(inner);
        const std::vector<PartitionStatus>& all = status_.partitions;
        constexpr std::string_view worse = ".ux";
        for (std::size_t i = 0; i < places.size(); ++i) {
            const std::size_t begin = i * all.size() / places.size();
            const std::size_t end = std::max((i + 1) * all.size() / places.size(), begin + 1);
            Glyph worst = glyph_of(all[begin]);
            bool marked = false;
            for (std::size_t p = begin; p < end; ++p) {
                const Glyph glyph = glyph_of(all[p]);
                if (worse.find(glyph.letter) > worse.find(worst.letter)) worst = glyph;
                marked = marked || (of_ != nullptr && all[p].partition == of_->partition);
            }
            set(places[i], marked ? Glyph{'@', Colour::bold} : worst);
        }
    }

    void write(int row, std::string_view text, Colour colour = Colour::none) {
        int column = (columns - static_cast<int>(text.size())) / 2;
        for (const char letter : text) set({row, column++}, {letter, colour});
    }

    void write_middle() {
        write(outer - 2, status_.health, colour_of_health(status_.health));
        write(outer - 1, counted(status_.total, "partition"));
        write(outer, fmt::format("{} copies each", status_.replication));
        if (status_.under_replicated > 0)
            write(outer + 1, fmt::format("u {} too few", grouped(status_.under_replicated)), Colour::yellow);
        if (status_.unavailable > 0)
            write(outer + 2, fmt::format("x {} not served", grouped(status_.unavailable)), Colour::red);
        if (of_ != nullptr) write(outer + 3, fmt::format("@ is {}", of_->partition), Colour::bold);
    }

    [[nodiscard]] std::vector<std::string> legend() const {
        std::vector<std::string> lines;
        const std::string* rack = nullptr;
        for (std::size_t i = 0; i < nodes_.size(); ++i) {
            const NodeStatus& node = *nodes_[i];
            if (rack == nullptr || *rack != node.rack) lines.push_back(escape(node.rack));
            rack = &node.rack;
            const char copy = copy_on(node.name);
            lines.push_back(fmt::format(
                " {} {}  {}  {}, primary of {}{}", console_.paint_out(colour_of(node), std::string(1, letter_of(i))),
                escape(node.name), console_.paint_out(colour_of(node), escape(state_of(node))),
                node.copies == 1 ? "1 copy" : grouped(node.copies) + " copies", grouped(node.primaries),
                copy == ' ' ? "" : console_.paint_out(Colour::bold, fmt::format("  <- {}", copy))));
        }
        return lines;
    }

    // Neighbours of one colour together.
    [[nodiscard]] std::string painted(const std::vector<Glyph>& line) const {
        std::string text;
        for (std::size_t begin = 0, end = 0; begin < line.size(); begin = end) {
            std::string run;
            for (end = begin; end < line.size() && line[end].colour == line[begin].colour; ++end)
                run += line[end].letter;
            text += line[begin].colour == Colour::none ? run : console_.paint_out(line[begin].colour, run);
        }
        return text;
    }

    const Console& console_;
    const ClusterStatus& status_;
    const PartitionStatus* const of_;
    const std::vector<const NodeStatus*> nodes_;
    std::vector<std::vector<Glyph>> cells_;
};

}  // namespace

std::vector<std::string> draw_ring(const Console& console, const ClusterStatus& status, const PartitionStatus* of) {
    if (status.partitions.empty()) return {};
    return Drawing(console, status, of).lines();
}

}  // namespace ringkv::kvctl
