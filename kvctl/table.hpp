// Columns for people. Cells are plain, safe text (escape() it first); a column of numbers is set to the right.
#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "kvctl/console.hpp"

namespace ringkv::kvctl {

struct Cell {
    Cell(std::string cell_text, Colour cell_colour = Colour::none)  // NOLINT(google-explicit-constructor)
        : text(std::move(cell_text)), colour(cell_colour) {}
    Cell(const char* cell_text) : text(cell_text), colour(Colour::none) {}  // NOLINT(google-explicit-constructor)

    std::string text;
    Colour colour;
};

enum class Align : unsigned char { left, right };

struct Column {
    std::string title;
    Align align = Align::left;
};

class Table {
  public:
    explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

    // Precondition: a cell for each column.
    void add(std::vector<Cell> row) { rows_.push_back(std::move(row)); }
    // To console.out: the titles, then the rows.
    void print(const Console& console) const;

  private:
    std::vector<Column> columns_;
    std::vector<std::vector<Cell>> rows_;
};

}  // namespace ringkv::kvctl
