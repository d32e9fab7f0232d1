// Nothing, in C++: what the dynamic linker takes, with libstdc++.

int main() {}
