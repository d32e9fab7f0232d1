// Nothing, in C.

int main(void) {
    return 0;
}
