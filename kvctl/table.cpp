#include "kvctl/table.hpp"

#include <algorithm>

#include "kvctl/text.hpp"

namespace ringkv::kvctl {

void Table::print(const Console& console) const {
    std::vector<std::size_t> widths;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        std::size_t widest = width(columns_[i].title);
        for (const auto& row : rows_) widest = std::max(widest, width(row[i].text));
        widths.push_back(widest);
    }
    const auto line = [&](const std::vector<Cell>& row) {
        std::string gap;  // the last column's padding is never printed
        for (std::size_t i = 0; i < row.size(); ++i) {
            const std::string padding(widths[i] - width(row[i].text), ' ');
            const std::string text = console.paint_out(row[i].colour, row[i].text);
            const bool right = columns_[i].align == Align::right;
            console.out << gap << (right ? padding : "") << text;
            gap = (right ? "" : padding) + "  ";
        }
        console.out << '\n';
    };
    std::vector<Cell> titles;
    for (const Column& column : columns_) titles.emplace_back(column.title, Colour::bold);
    line(titles);
    for (const auto& row : rows_) line(row);
}

}  // namespace ringkv::kvctl
